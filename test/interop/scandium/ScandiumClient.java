// A Scandium client driven by lines: `send HEX`, `rebind`. It tells `data HEX SUITE OWN-CID PEER-CID` and `failed TEXT`.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.eclipse.californium.elements.DtlsEndpointContext;
import org.eclipse.californium.elements.EndpointContext;
import org.eclipse.californium.elements.MessageCallback;
import org.eclipse.californium.elements.RawData;
import org.eclipse.californium.elements.util.Bytes;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.config.DtlsConfig.DtlsRole;

public final class ScandiumClient {
  private static final MessageCallback TELL_FAILURE = new MessageCallback() {
    @Override public void onConnecting() {}
    @Override public void onDtlsRetransmission(int flight) {}
    @Override public void onContextEstablished(EndpointContext context) {}
    @Override public void onSent() {}
    @Override public void onError(Throwable error) {
      System.out.println("failed " + error);
    }
  };

  public static void main(String[] args) throws Exception {
    PeerFlags flags = new PeerFlags(args);
    InetSocketAddress server = PeerFlags.address(flags.text("server"));
    InetSocketAddress any = new InetSocketAddress(server.getAddress().isLoopbackAddress()
        && server.getAddress().getAddress().length == 16 ? "::1" : "127.0.0.1", 0);
    DTLSConnector connector = new DTLSConnector(flags.dtls(DtlsRole.CLIENT_ONLY).setAddress(any).build());
    connector.setRawDataReceiver(ScandiumClient::tell);
    connector.start();
    System.out.println("ready " + connector.getAddress().getPort());
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] words = line.split(" ");
      if (words[0].equals("send")) {
        byte[] bytes = HexFormat.of().parseHex(words[1]);
        connector.send(RawData.outbound(bytes, new AddressEndpointContext(server), TELL_FAILURE, false));
      } else if (words[0].equals("rebind")) {
        connector.stop();
        connector.start();
        System.out.println("rebound " + connector.getAddress().getPort());
      }
    }
    connector.destroy();
  }

  private static void tell(RawData data) {
    EndpointContext context = data.getEndpointContext();
    System.out.println("data " + HexFormat.of().formatHex(data.getBytes())
        + " " + context.get(DtlsEndpointContext.KEY_CIPHER)
        + " " + hex(context.get(DtlsEndpointContext.KEY_READ_CONNECTION_ID))
        + " " + hex(context.get(DtlsEndpointContext.KEY_WRITE_CONNECTION_ID)));
  }

  /** `-` without one. */
  private static String hex(Bytes id) {
    return id == null || id.isEmpty() ? "-" : id.getAsString().toLowerCase();
  }
}
