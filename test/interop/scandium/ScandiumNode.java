// A Scandium server, alone or as a node of a cluster: answers each message with its node id, the peer's address and the message.
// Driven by lines: `peer ADDRESS`, `message ADDRESS HEX`, `nodes`, `counters`.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.elements.RawData;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.DtlsManagedClusterConnector;
import org.eclipse.californium.scandium.config.DtlsClusterConnectorConfig;
import org.eclipse.californium.scandium.config.DtlsConfig.DtlsRole;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.MultiNodeConnectionIdGenerator;
import org.eclipse.californium.scandium.util.SecretUtil;

public final class ScandiumNode {
  private static final long TICK_MS = 500;
  private static final CountingHealth health = new CountingHealth();
  private static ClusterTable table;

  public static void main(String[] args) throws Exception {
    PeerFlags flags = new PeerFlags(args);
    DtlsRole role = flags.has("cluster") ? DtlsRole.BOTH : DtlsRole.SERVER_ONLY;
    DtlsConnectorConfig.Builder dtls = flags.dtls(role)
        .setAddress(PeerFlags.address(flags.text("listen"))).setHealthHandler(health);
    int nodeId = flags.has("node") ? flags.number("node") : 0;
    DTLSConnector connector = flags.has("cluster") ? clusterNode(flags, dtls, nodeId) : new DTLSConnector(dtls.build());
    connector.setRawDataReceiver(data -> answer(connector, nodeId, data));
    connector.start();
    System.out.println("ready " + connector.getAddress().getPort());
    ScheduledExecutorService ticks = Executors.newSingleThreadScheduledExecutor();
    if (table != null) ticks.scheduleAtFixedRate(table::tick, TICK_MS, TICK_MS, TimeUnit.MILLISECONDS);
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) obey(line.split(" "));
    ticks.shutdownNow();
    connector.destroy();
  }

  private static DTLSConnector clusterNode(PeerFlags flags, DtlsConnectorConfig.Builder dtls, int nodeId) {
    dtls.setConnectionIdGenerator(new MultiNodeConnectionIdGenerator(nodeId, flags.number("cid")));
    DtlsClusterConnectorConfig.Builder cluster =
        DtlsClusterConnectorConfig.builder().setAddress(PeerFlags.address(flags.text("cluster")));
    if (flags.has("secret")) {
      cluster.setSecure(flags.text("cluster-identity"), SecretUtil.create(flags.hex("secret"), "PSK"));
      cluster.setClusterMac(Boolean.valueOf(flags.text("mac")));
    }
    if (flags.has("backward")) cluster.setBackwardMessage(Boolean.valueOf(flags.text("backward")));
    DtlsManagedClusterConnector connector = new DtlsManagedClusterConnector(dtls.build(), cluster.build());
    int state = flags.has("state") ? flags.number("state") : 2;
    table = new ClusterTable(nodeId, state, connector.getClusterManagementConnector());
    connector.setClusterNodesProvider(table);
    return connector;
  }

  private static void answer(DTLSConnector connector, int nodeId, RawData data) {
    String head = "node=" + nodeId + " peer=" + data.getInetSocketAddress().getPort() + " ";
    byte[] front = head.getBytes(StandardCharsets.UTF_8);
    byte[] bytes = new byte[front.length + data.getSize()];
    System.arraycopy(front, 0, bytes, 0, front.length);
    System.arraycopy(data.getBytes(), 0, bytes, front.length, data.getSize());
    connector.send(RawData.outbound(bytes, data.getEndpointContext(), null, false));
  }

  private static void obey(String[] words) {
    switch (words[0]) {
      case "peer" -> table.list(PeerFlags.address(words[1]));
      case "message" -> table.send(PeerFlags.address(words[1]), HexFormat.of().parseHex(words[2]));
      case "nodes" -> System.out.println(table.describe());
      case "counters" -> System.out.println(health.describe());
      default -> System.out.println("unknown " + words[0]);
    }
  }
}
