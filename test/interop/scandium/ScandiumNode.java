// A Scandium server, alone or as a node of a cluster: answers each message with its node id, the peer's address and name,
// and the message. Obeys `peer ADDRESS`, `message ADDRESS HEX`, `nodes`, `counters`; a node with a fixed `table`, which has
// no management, only the last.
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.util.HexFormat;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.eclipse.californium.elements.RawData;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.DtlsClusterConnector;
import org.eclipse.californium.scandium.DtlsManagedClusterConnector;
import org.eclipse.californium.scandium.config.DtlsClusterConnectorConfig;
import org.eclipse.californium.scandium.config.DtlsConfig.DtlsRole;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.util.SecretUtil;

final class ScandiumNode implements Peer {
  private static final long TICK_MS = 500;
  private final CountingHealth health = new CountingHealth();
  private final ScheduledExecutorService ticks = Executors.newSingleThreadScheduledExecutor();
  private final Consumer<String> teller;
  private final int nodeId;
  private final DTLSConnector connector;
  private ClusterTable table;

  ScandiumNode(PeerFlags flags, Consumer<String> teller) throws Exception {
    this.teller = teller;
    DtlsRole role = flags.has("cluster") ? DtlsRole.BOTH : DtlsRole.SERVER_ONLY;
    DtlsConnectorConfig.Builder dtls = flags.dtls(role)
        .setAddress(PeerFlags.address(flags.text("listen"))).setHealthHandler(health);
    nodeId = flags.has("node") ? flags.number("node") : 0;
    connector = flags.has("cluster") ? clusterNode(flags, dtls) : new DTLSConnector(dtls.build());
    connector.setRawDataReceiver(this::answer);
    connector.start();
    if (table != null) ticks.scheduleAtFixedRate(table::tick, TICK_MS, TICK_MS, TimeUnit.MILLISECONDS);
  }

  @Override
  public int port() {
    return connector.getAddress().getPort();
  }

  @Override
  public void obey(String[] words) {
    switch (words[0]) {
      case "peer" -> table.list(PeerFlags.address(words[1]));
      case "message" -> table.send(PeerFlags.address(words[1]), HexFormat.of().parseHex(words[2]));
      case "nodes" -> teller.accept(table.describe());
      case "counters" -> teller.accept(health.describe());
      default -> teller.accept("failed unknown " + words[0]);
    }
  }

  @Override
  public void close() {
    ticks.shutdownNow();
    connector.destroy();
  }

  private DTLSConnector clusterNode(PeerFlags flags, DtlsConnectorConfig.Builder dtls) {
    DtlsClusterConnectorConfig.Builder cluster =
        DtlsClusterConnectorConfig.builder().setAddress(PeerFlags.address(flags.text("cluster")));
    if (flags.has("secret")) {
      cluster.setSecure(flags.text("cluster-identity"), SecretUtil.create(flags.hex("secret"), "PSK"));
      cluster.setClusterMac(Boolean.valueOf(flags.text("mac")));
    }
    if (flags.has("backward")) cluster.setBackwardMessage(Boolean.valueOf(flags.text("backward")));
    if (flags.has("table"))
      return new DtlsClusterConnector(dtls.build(), cluster.build(), new FixedTable(flags.text("table")));
    DtlsManagedClusterConnector node = new DtlsManagedClusterConnector(dtls.build(), cluster.build());
    int state = flags.has("state") ? flags.number("state") : 2;
    table = new ClusterTable(nodeId, state, node.getClusterManagementConnector(), teller);
    node.setClusterNodesProvider(table);
    return node;
  }

  private void answer(RawData data) {
    Principal peer = data.getEndpointContext().getPeerIdentity();
    String name = peer == null ? "-" : peer.getName().replace(' ', '_');
    String head = "node=" + nodeId + " peer=" + data.getInetSocketAddress().getPort() + " identity=" + name + " ";
    byte[] front = head.getBytes(StandardCharsets.UTF_8);
    byte[] bytes = new byte[front.length + data.getSize()];
    System.arraycopy(front, 0, bytes, 0, front.length);
    System.arraycopy(data.getBytes(), 0, bytes, front.length, data.getSize());
    connector.send(RawData.outbound(bytes, data.getEndpointContext(), null, false));
  }
}
