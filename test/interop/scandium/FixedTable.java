// The node table of Californium's static clusters: who is where is told once, `ID@HOST:PORT` with commas, and everyone is available.
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import org.eclipse.californium.scandium.DtlsClusterConnector.ClusterNodesProvider;

final class FixedTable implements ClusterNodesProvider {
  private final Map<Integer, InetSocketAddress> nodes = new HashMap<>();

  FixedTable(String text) {
    for (String line : text.split(",")) {
      int at = line.indexOf('@');
      nodes.put(Integer.valueOf(line.substring(0, at)), PeerFlags.address(line.substring(at + 1)));
    }
  }

  @Override
  public InetSocketAddress getClusterNode(int id) {
    return nodes.get(id);
  }

  @Override
  public boolean available(InetSocketAddress address) {
    return true;
  }
}
