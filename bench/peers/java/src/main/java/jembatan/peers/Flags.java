package jembatan.peers;

import java.util.HashMap;
import java.util.Map;

/** The flags of a command line, {@code --name=value} each. Values only. */
final class Flags {
  private final Map<String, String> values = new HashMap<>();

  Flags(String[] arguments) {
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      if (!argument.startsWith("--") || equals < 0) {
        throw new IllegalArgumentException("no flag: " + argument);
      }
      values.put(argument.substring(2, equals), argument.substring(equals + 1));
    }
  }

  String get(String name) {
    String value = values.get(name);
    if (value == null) throw new IllegalArgumentException("--" + name + " is required");
    return value;
  }

  String get(String name, String otherwise) {
    return values.getOrDefault(name, otherwise);
  }

  int number(String name) {
    return Integer.parseInt(get(name));
  }
}
