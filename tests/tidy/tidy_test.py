#!/usr/bin/env python3
"""Pins down what tidy.py reports and what it lets pass, rule by rule, on trees made up here."""

import unittest

import tidy

HEADER = "// What it is.\n// Who owns it.\n#pragma once\n"


def rules_in(files: dict[str, str]) -> list[str]:
    return [finding.rule for finding in tidy.check(files)]


def function(body: str) -> str:
    return f"asio::awaitable<void> Run(Queue& queue) {{\n{body}\n}}\n"


class FiresAndPasses(unittest.TestCase):
    """Each test names its rule; fires() and passes() take a path and a text."""

    def fires(self, rule: str, path: str, text: str, times: int = 1) -> None:
        self.assertEqual(rules_in({path: text}), [rule] * times, text)

    def passes(self, path: str, text: str) -> None:
        self.assertEqual([str(finding) for finding in tidy.check({path: text})], [], text)


class Includes(FiresAndPasses):
    def test_librdkafka_is_private_to_kafka(self) -> None:
        text = "#include <librdkafka/rdkafka.h>\n"
        self.fires("include", "services/bridge/main.cc", text)
        self.fires("include", "libs/runtime/shard.cc", text)
        self.passes("libs/kafka/producer.cc", text)
        self.passes("libs/kafka/testing/mock_cluster.cc", text)
        self.passes("deploy/devbroker/main.cc", text)

    def test_grpc_stays_in_its_adapters(self) -> None:
        for text in (
            "#include <grpcpp/grpcpp.h>\n",
            '#include "jembatan/orders/v1/orders.grpc.pb.h"\n',
        ):
            self.fires("include", "services/bridge/lane.cc", text)
            self.passes("services/bridge/orders_grpc.cc", text)
            self.passes("services/bridge/orders_grpc_test.cc", text)
            self.passes("libs/rpc/server.cc", text)

    def test_beast_stays_where_connections_are(self) -> None:
        text = "#include <boost/beast/core.hpp>\n"
        self.fires("include", "services/gateway/intake.cc", text)
        self.fires("include", "services/bridge/http.cc", text)
        self.passes("services/gateway/websocket_session.cc", text)
        self.passes("services/gateway/http_unary.cc", text)
        self.passes("services/gateway/listener.cc", text)
        self.passes("services/marketplace/checkout_page.cc", text)
        self.passes("libs/runtime/admin.cc", text)
        self.passes("bench/load/websocket_connection.cc", text)

    def test_layers_of_libraries(self) -> None:
        self.fires("include", "libs/base/log.cc", '#include "libs/runtime/shard.h"\n')
        self.fires("include", "libs/kafka/producer.cc", '#include "libs/rpc/status.h"\n')
        self.fires("include", "libs/kafka/producer.cc", '#include "libs/intent/intent.h"\n')
        self.fires("include", "libs/rpc/server.cc", '#include "libs/kafka/config.h"\n')
        self.fires("include", "libs/runtime/x.cc", '#include "services/gateway/intake.h"\n')
        self.passes("libs/base/log.cc", '#include "libs/base/clock.h"\n')
        self.passes("libs/kafka/producer.cc", '#include "libs/runtime/shard.h"\n')

    def test_pure_libraries_do_no_io(self) -> None:
        for include in (
            "<boost/asio/io_context.hpp>",
            "<sqlite3.h>",
            "<fstream>",
            "<sys/socket.h>",
            '"libs/runtime/shard.h"',
        ):
            self.fires("include", "libs/intent/codec.cc", f"#include {include}\n")
            self.passes("libs/runtime/options.cc", f"#include {include}\n")
        self.passes("libs/policy/rules.cc", "#include <string>\n")

    def test_services_apart(self) -> None:
        text = '#include "services/bridge/lane.h"\n'
        self.fires("include", "services/gateway/intake.cc", text)
        self.passes("services/bridge/lane.cc", text)
        self.passes("tests/pipeline/order_test.cc", text)

    def test_marketplace_knows_only_its_contract(self) -> None:
        for include in (
            "libs/intent/intent.h",
            "libs/kafka/producer.h",
            "jembatan/intake/v1/intake.pb.h",
            "jembatan/crossing/v1/offer.pb.h",
        ):
            self.fires("include", "services/marketplace/stock.cc", f'#include "{include}"\n')
        self.passes("services/marketplace/stock.cc", '#include "jembatan/orders/v1/orders.pb.h"\n')

    def test_heavy_headers(self) -> None:
        for include in ("CLI/CLI.hpp", "toml++/toml.h"):
            self.fires("include", "services/ctl/flags.h", f"{HEADER}#include <{include}>\n")
            self.passes("services/ctl/flags.cc", f"#include <{include}>\n")

    def test_commented_out_include_is_none(self) -> None:
        self.passes("libs/base/log.cc", '// #include "libs/rpc/x.h"\n/*\n#include <fstream>\n*/\n')

    def test_zones_meet_in_two_files(self) -> None:
        intake = '#include "jembatan/intake/v1/intake.pb.h"\n'
        crossing = '#include "jembatan/crossing/v1/crossing.pb.h"\n'
        orders = '#include "jembatan/orders/v1/orders.pb.h"\n'
        self.fires("zones", "services/gateway/intake.cc", intake + crossing)
        self.fires("zones", "services/bridge/lane.cc", crossing + orders)
        self.fires("zones", "services/bridge/border.cc", intake + orders)
        self.fires("zones", "services/gateway/crossing_x.cc", intake + crossing)
        self.passes("services/gateway/crossing.cc", intake + crossing)
        self.passes("services/gateway/crossing_test.cc", intake + crossing)
        self.passes("services/bridge/border.h", HEADER + crossing + orders)
        self.passes("tests/pipeline/order_test.cc", intake + crossing)

    def test_include_style(self) -> None:
        self.fires("include-style", "libs/base/log.cc", '#include "log.h"\n')
        self.fires("include-style", "libs/base/log.cc", '#include "../base/log.h"\n')
        self.fires("include-style", "libs/base/log.cc", "#include <libs/base/log.h>\n")
        self.passes("libs/base/log.cc", '#include "libs/base/log.h"\n')
        self.passes("libs/base/log.cc", '#include "absl/status/status.h"\n#include <zlib.h>\n')


class Links(FiresAndPasses):
    TREE = {
        "proto/CMakeLists.txt": "jembatan_proto(NAME proto_intake GRPC PROTOS a.proto)\n",
        "libs/intent/CMakeLists.txt": (
            "jembatan_library(NAME intent SRCS a.cc DEPS jembatan::base TEST a_test.cc)\n"
        ),
        "libs/kafka/CMakeLists.txt": (
            "# The producer (and more).\n"
            "jembatan_library(\n  NAME kafka\n  SRCS a.cc  # one) file\n"
            "  DEPS jembatan::runtime jembatan::rdkafka\n  TEST a_test.cc)\n"
        ),
        "libs/rpc/CMakeLists.txt": "jembatan_library(NAME rpc SRCS a.cc DEPS jembatan::runtime)\n",
    }

    def links(self, **more: str) -> list[str]:
        files = {f"{name.replace('__', '/')}/CMakeLists.txt": text for name, text in more.items()}
        return [f"{f.rule}: {f.message}" for f in tidy.check(self.TREE | files)]

    def test_allowed(self) -> None:
        self.assertEqual(self.links(), [])
        self.assertEqual(
            self.links(
                services__gateway="jembatan_binary(NAME g SRCS m.cc DEPS jembatan::kafka)\n"
            ),
            [],
        )
        self.assertEqual(
            self.links(libs__base="jembatan_library(NAME base SRCS a.cc TEST a_test.cc)\n"), []
        )

    def test_reached_over_steps(self) -> None:
        found = self.links(
            services__marketplace=(
                "jembatan_library(NAME stock SRCS a.cc DEPS jembatan::tools)\n"
                "jembatan_library(NAME tools SRCS b.cc DEPS jembatan_kafka)\n"
            )
        )
        self.assertIn("jembatan::stock -> jembatan::tools -> jembatan::kafka", "".join(found))

    def test_forbidden_edges(self) -> None:
        bad = {
            "services__marketplace": "jembatan_test(NAME t SRCS t.cc DEPS jembatan::proto_intake)",
            "libs__policy": "jembatan_library(NAME policy SRCS a.cc DEPS jembatan::kafka)",
            "libs__base": "jembatan_library(NAME base SRCS a.cc DEPS jembatan::intent)",
            "libs__x": "jembatan_library(NAME x SRCS a.cc TEST t.cc TEST_DEPS g)",
            "services__bridge": "jembatan_binary(NAME b SRCS a.cc DEPS g)",
        }
        gateway = "jembatan_library(NAME gateway SRCS a.cc)\njembatan_binary(NAME g SRCS m.cc)\n"
        for folder, text in bad.items():
            found = self.links(services__gateway=gateway, **{folder: text + "\n"})
            self.assertTrue(found and all(f.startswith("link: ") for f in found), (folder, found))

    def test_kafka_and_rpc_apart(self) -> None:
        found = self.links(cmake="target_link_libraries(jembatan_kafka PRIVATE jembatan::rpc)\n")
        self.assertEqual(len(found), 2, found)  # The library, and its test through it.
        found = self.links(
            libs__runtime="jembatan_library(NAME runtime SRCS a.cc DEPS gRPC::grpc++)\n"
        )
        self.assertIn("jembatan::kafka -> jembatan::runtime -> gRPC::grpc++", "".join(found))

    def test_definitions_of_functions_are_no_calls(self) -> None:
        text = "function(jembatan_library)\n  target_link_libraries(jembatan_${arg_NAME} x)\n"
        self.assertEqual(list(tidy.targets_in(tidy.Source("cmake/Rules.cmake", text))), [])


class Coroutines(FiresAndPasses):
    PATH = "libs/runtime/shard.cc"

    def test_lambda_coroutine_with_captures(self) -> None:
        for captures in ("this", "&", "=", "x = std::move(x)", "&queue, id"):
            body = f"  Spawn([{captures}]() -> asio::awaitable<void> {{ co_await queue.Pop(); }});"
            self.fires("coroutine-lambda", self.PATH, function(body))
        self.fires("coroutine-lambda", self.PATH, "auto f = [a](int x) mutable { co_return a; };\n")
        self.fires("coroutine-lambda", self.PATH, "auto f = [&]<class T>(T x) { co_yield x; };\n")

    def test_lambda_coroutine_allowed(self) -> None:
        self.passes(self.PATH, "auto f = [](Queue& q) -> awaitable<int> { co_return q.n(); };\n")
        self.passes(self.PATH, function("  auto f = [&] { return 1; };\n  co_await g(f);"))
        # The captures belong to the outer lambda, the coroutine is the inner one.
        self.passes(
            self.PATH, "auto f = [&] { run([](int x) -> awaitable<void> { co_return; }); };\n"
        )
        self.passes(self.PATH, function("  names[co_await Next()] = 1;"))
        self.passes(self.PATH, function("  const auto& [key, value] = co_await Next();"))

    def test_statement_with_co_await(self) -> None:
        for bad in (
            "co_await Send([&] { return 1; });",
            "Use([x] { return x; }, co_await Next());",
            "co_await Send(Options{.linger_ms = 1});",
            "co_await Send({1, 2});",
            "Options options{co_await Next()};",
            "options = Options{co_await Next(), 1};",
            "co_return ready ? co_await Next() : 0;",
            "if (co_await Next(x ? 1 : 2)) Stop();",
            "for (auto& x : co_await Next(Range{1, 2})) Use(x);",
            "auto x = co_await (a ? Left() : Right());",
        ):
            self.fires("co-await-with", self.PATH, function(f"  {bad}"))

    def test_statement_with_co_await_allowed(self) -> None:
        for good in (
            "if (auto x = co_await Next(); x.ok()) { Use(Options{1}); }",
            "if (co_await Next()) x = Options{1};",
            "while (co_await Next()) {\n    auto y = a ? b : c;\n  }",
            "switch (co_await Next()) {\n    case Kind::kOne: {\n      Use({1});\n    }\n  }",
            "auto options = Options{1};\n  co_await Send(std::move(options));",
            "try {\n    co_await Next();\n  } catch (const Error& e) {\n    Use({1});\n  }",
            "if constexpr (kFast) { co_await Next(); } else { co_await Slow(); }",
            "if (x) [[likely]] {\n    co_await Next();\n  }",
            "do {\n    co_await Next();\n  } while (x ? y : z);",
            "co_await Send(std::string(1, 'x'), 30'000, \"a ? {b}\");  // why? {this}",
        ):
            self.passes(self.PATH, function(f"  {good}"))

    def test_co_await_in_members_and_constructors(self) -> None:
        self.passes(
            self.PATH,
            "class Lane final : public Base {\n public:\n  Lane() : a_{1}, b_(2) {}\n"
            "  asio::awaitable<void> Run() override { co_await Next(); }\n"
            "  auto Stop() noexcept -> asio::awaitable<void> { co_await Next(); }\n"
            "  int a_{0};\n};\n",
        )

    def test_detached(self) -> None:
        self.fires("detached", self.PATH, "co_spawn(ex, Run(), asio::detached);\n")
        self.passes(self.PATH, "// never detached\nthread.detach();\n")


class SizeAndForm(FiresAndPasses):
    def test_function_length(self) -> None:
        def sized(lines: int) -> str:
            return "int Sum(int a,\n        int b) {\n" + "  ++a;\n" * (lines - 3) + "}\n"

        self.fires("function-length", "libs/base/ids.cc", sized(71))
        self.passes("libs/base/ids.cc", sized(70))
        self.passes("libs/base/ids.cc", "namespace jembatan {\n" + sized(60) * 3 + "}\n")
        self.fires("function-length", "libs/base/ids.cc", f"class A {{\n public:\n{sized(80)}}};\n")
        long_test = "TEST(Ids, Sum) {\n" + "  Check();\n" * 110 + "}\n"
        self.fires("function-length", "libs/base/ids_test.cc", long_test)
        long_table = "constexpr Row kRows[] = {\n" + "    {1, 2},\n" * 90 + "};\n"
        self.passes("libs/base/ids.cc", long_table)

    def test_file_length(self) -> None:
        self.fires("file-length", "libs/base/ids.cc", "int x;\n" * 801)
        self.passes("libs/base/ids.cc", "int x;\n" * 800)
        self.passes("libs/base/ids_test.cc", "int x;\n" * 1200)
        self.fires("file-length", "tests/pipeline/all.cc", "int x;\n" * 1201)
        self.passes("docs/design.md", "text\n" * 2000)

    def test_line_length(self) -> None:
        self.fires("line-length", "tools/build", "#!/bin/sh\n# " + "x" * 99 + "\n")
        self.passes("libs/base/ids.cc", "// " + "ü" * 97 + "\n")
        self.passes("libs/base/ids.cc", "// See https://" + "x" * 99 + "\n")
        self.passes("README.md", "x" * 300 + "\n")

    def test_tab(self) -> None:
        self.fires("tab", "libs/base/ids.cc", "\tint x;\n")
        self.fires("tab", "README.md", "a\tb\n")
        self.passes("Makefile", "all:\n\ttrue\n")

    def test_final_newline(self) -> None:
        self.fires("final-newline", "README.md", "text")
        self.passes("libs/__init__.py", "")

    def test_todo(self) -> None:
        for word in ("TODO: x", "TODO x", "FIXME", "XXX(): x", "TODO(why) x"):
            self.fires("todo", "libs/base/ids.cc", f"// {word}\n")
        self.passes("libs/base/ids.cc", "// TODO(Debian 13 has it): use std::expected\n")
        self.passes("tools/x", "#!/bin/sh\nmktemp -d x.XXXXXX\n")

    def test_using_namespace(self) -> None:
        self.fires("using-namespace", "libs/base/ids.h", HEADER + "using namespace std;\n")
        self.passes("libs/base/ids.cc", "using namespace std::literals;\n")

    def test_pragma_once(self) -> None:
        self.fires("pragma-once", "libs/base/ids.h", "// What.\n// Who.\n")
        self.passes("libs/base/ids.h", HEADER)

    def test_header_comment(self) -> None:
        self.fires("header-comment", "libs/base/ids.h", "#pragma once\n#include <string>\n")
        self.passes("libs/base/ids.h", "#pragma once\n\n// What it is.\n//\n// Who owns it.\n")


class Itself(unittest.TestCase):
    def test_every_rule_is_shown_to_fire(self) -> None:
        with open(__file__, encoding="utf-8") as file:
            text = file.read()
        shown = {rule for rule in tidy.RULES if f'fires("{rule}"' in text}
        self.assertEqual(tidy.RULES - shown - {"link"}, set())

    def test_no_rule_is_unknown(self) -> None:
        bad = {"libs/base/x.h": '\tusing namespace x; // TODO\n#include "x.h"'}
        self.assertLessEqual(set(rules_in(bad)), tidy.RULES)

    def test_brackets_without_fellows_do_no_harm(self) -> None:
        for text in ("}}}", "(((", "{ ( ] }", "co_await {", "[", 'R"x(', "'"):
            tidy.check({"libs/base/x.cc": text + " co_await\n"})


if __name__ == "__main__":
    unittest.main()
