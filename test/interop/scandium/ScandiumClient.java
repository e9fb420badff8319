// A Scandium client: `send HEX`, `rebind` (a new socket, the session is kept), `resume` (before the next message).
// It tells `data HEX SUITE OWN-CID PEER-CID SESSION-ID`, `rebound PORT`, `resuming` and `failed TEXT`.
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.eclipse.californium.elements.DtlsEndpointContext;
import org.eclipse.californium.elements.EndpointContext;
import org.eclipse.californium.elements.MessageCallback;
import org.eclipse.californium.elements.RawData;
import org.eclipse.californium.elements.util.Bytes;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.config.DtlsConfig.DtlsRole;

final class ScandiumClient implements Peer {
  private final InetSocketAddress server;
  private final DTLSConnector connector;
  private final Consumer<String> teller;
  private final MessageCallback tellFailure = new MessageCallback() {
    @Override public void onConnecting() {}
    @Override public void onDtlsRetransmission(int flight) {}
    @Override public void onContextEstablished(EndpointContext context) {}
    @Override public void onSent() {}
    @Override public void onError(Throwable error) {
      teller.accept("failed " + error);
    }
  };

  ScandiumClient(PeerFlags flags, Consumer<String> teller) throws Exception {
    this.teller = teller;
    server = PeerFlags.address(flags.text("server"));
    InetSocketAddress any = new InetSocketAddress(server.getAddress().isLoopbackAddress()
        && server.getAddress().getAddress().length == 16 ? "::1" : "127.0.0.1", 0);
    connector = new DTLSConnector(flags.dtls(DtlsRole.CLIENT_ONLY).setAddress(any).build());
    connector.setRawDataReceiver(this::tell);
    connector.start();
  }

  @Override
  public int port() {
    return connector.getAddress().getPort();
  }

  @Override
  public void obey(String[] words) throws Exception {
    switch (words[0]) {
      case "send" -> {
        byte[] bytes = HexFormat.of().parseHex(words[1]);
        connector.send(RawData.outbound(bytes, new AddressEndpointContext(server), tellFailure, false));
      }
      case "rebind" -> {
        connector.stop();
        connector.start();
        teller.accept("rebound " + connector.getAddress().getPort());
      }
      case "resume" -> {
        connector.forceResumeAllSessions();
        teller.accept("resuming");
      }
      default -> teller.accept("failed unknown " + words[0]);
    }
  }

  @Override
  public void close() {
    connector.destroy();
  }

  private void tell(RawData data) {
    EndpointContext context = data.getEndpointContext();
    teller.accept("data " + HexFormat.of().formatHex(data.getBytes())
        + " " + context.get(DtlsEndpointContext.KEY_CIPHER)
        + " " + hex(context.get(DtlsEndpointContext.KEY_READ_CONNECTION_ID))
        + " " + hex(context.get(DtlsEndpointContext.KEY_WRITE_CONNECTION_ID))
        + " " + hex(context.get(DtlsEndpointContext.KEY_SESSION_ID)));
  }

  /** `-` without one. */
  private static String hex(Bytes id) {
    return id == null || id.isEmpty() ? "-" : id.getAsString().toLowerCase();
  }
}
