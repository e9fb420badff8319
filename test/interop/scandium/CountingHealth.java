// Scandium's cluster counters by name.
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.eclipse.californium.scandium.DtlsClusterHealthLogger;

final class CountingHealth extends DtlsClusterHealthLogger {
  private final Map<String, Integer> counts = new ConcurrentSkipListMap<>();

  @Override protected boolean isUsed() {
    return true;
  }

  @Override public void forwardMessage() { count("forwarded"); }
  @Override public void processForwardedMessage() { count("processForwarded"); }
  @Override public void backwardMessage() { count("backwarded"); }
  @Override public void sendBackwardedMessage() { count("sendBackwarded"); }
  @Override public void dropForwardMessage() { count("dropForward"); }
  @Override public void dropBackwardMessage() { count("dropBackward"); }
  @Override public void badForwardMessage() { count("badForward"); }
  @Override public void badBackwardMessage() { count("badBackward"); }

  private void count(String name) {
    counts.merge(name, 1, Integer::sum);
  }

  String describe() {
    StringBuilder text = new StringBuilder("counters");
    counts.forEach((name, count) -> text.append(' ').append(name).append('=').append(count));
    return text.toString();
  }
}
