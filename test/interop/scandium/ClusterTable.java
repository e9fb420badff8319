// The smallest node table that keeps a Scandium cluster node going: learns who pings, answers, and pings whom it is told.
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.eclipse.californium.elements.Connector;
import org.eclipse.californium.elements.RawData;
import org.eclipse.californium.scandium.DtlsClusterConnector.ClusterNodesProvider;

final class ClusterTable implements ClusterNodesProvider {
  private static final int PING = 61;
  private static final int PONG = 60;
  private static final int SIZE = 6;
  private final int nodeId;
  private final Connector connector;
  private final Consumer<String> teller;
  private final Map<Integer, InetSocketAddress> nodes = new ConcurrentSkipListMap<>();
  private final Set<InetSocketAddress> listed = ConcurrentHashMap.newKeySet();
  private final int state;

  ClusterTable(int nodeId, int state, Connector connector, Consumer<String> teller) {
    this.teller = teller;
    this.nodeId = nodeId;
    this.state = state;
    this.connector = connector;
    connector.setRawDataReceiver(this::receive);
  }

  @Override
  public InetSocketAddress getClusterNode(int id) {
    return nodes.get(id);
  }

  @Override
  public boolean available(InetSocketAddress address) {
    return nodes.containsValue(address);
  }

  void list(InetSocketAddress address) {
    listed.add(address);
    send(address, message(PING));
  }

  void tick() {
    for (InetSocketAddress address : listed) send(address, message(PING));
  }

  void send(InetSocketAddress address, byte[] bytes) {
    connector.send(RawData.outbound(bytes, new AddressEndpointContext(address), null, false));
  }

  String describe() {
    StringBuilder text = new StringBuilder("nodes");
    nodes.forEach((id, at) -> text.append(' ').append(id).append('=').append(at.getPort()));
    return text.toString();
  }

  private void receive(RawData data) {
    byte[] bytes = data.getBytes();
    InetSocketAddress from = data.getInetSocketAddress();
    teller.accept("management " + from.getPort() + " " + HexFormat.of().formatHex(bytes));
    if (bytes.length < SIZE || (bytes[0] != PING && bytes[0] != PONG)) return;
    int id = (bytes[1] & 0xff) | (bytes[2] & 0xff) << 8 | (bytes[3] & 0xff) << 16 | bytes[4] << 24;
    if (id == nodeId) return;
    nodes.put(id, from);
    if (bytes[0] == PING) send(from, message(PONG));
  }

  private byte[] message(int type) {
    return new byte[] {(byte) type, (byte) nodeId, 0, 0, 0, (byte) state};
  }
}
