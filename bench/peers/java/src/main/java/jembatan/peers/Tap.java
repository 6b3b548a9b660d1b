package jembatan.peers;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;
import jembatan.crossing.v1.Crossing.Money;
import jembatan.crossing.v1.Crossing.PurchaseIntent;

/** One tap on buy, and the record it becomes. Values only. */
record Tap(String id, String viewer, String offer) {
  static final String MARKETPLACE = "tokopedia";
  static final long PRICE_MINOR = 2_500_000;
  static final long TTL_MS = 120_000;

  /** Time in the upper 48 bits, version and variant in their places, chance in the rest. */
  static String newId() {
    UUID chance = UUID.randomUUID();
    long upper = System.currentTimeMillis() << 16 | 0x7000 | chance.getMostSignificantBits() & 0xFFF;
    return new UUID(upper, chance.getLeastSignificantBits()).toString();
  }

  long deadlineMs() {
    return (UUID.fromString(id).getMostSignificantBits() >>> 16) + TTL_MS;
  }

  PurchaseIntent intent(String acceptedBy) {
    long deadline = deadlineMs();
    return PurchaseIntent.newBuilder()
        .setIntentId(id)
        .setBuyerRef(digest(viewer))
        .setOfferId(offer)
        .setQuantity(1)
        .setPriceSeen(Money.newBuilder().setCurrency("IDR").setAmountMinor(PRICE_MINOR))
        .setMarketplaceId(MARKETPLACE)
        .setConsentGiven(true)
        .setConsentVersion("1")
        .setAcceptedBy(acceptedBy)
        .setDeadline(
            Timestamp.newBuilder()
                .setSeconds(deadline / 1000)
                .setNanos((int) (deadline % 1000) * 1_000_000))
        .setFingerprint(digest(id + " " + offer))
        .build();
  }

  /** In place of the pseudonym and of the fingerprint, which are as long. */
  private static ByteString digest(String text) {
    try {
      byte[] bytes =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return ByteString.copyFrom(ByteBuffer.wrap(bytes));
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
  }
}
