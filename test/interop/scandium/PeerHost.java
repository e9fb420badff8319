// Many clients and nodes in one virtual machine, driven by lines: `start NAME client|node FLAG=VALUE…`, `to NAME WORD…`, `end NAME`.
// What a program tells comes out behind its name: `ready PORT` first, `failed TEXT` if it cannot do what it was told, `ended` last.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

public final class PeerHost {
  private static final Map<String, Peer> peers = new ConcurrentHashMap<>();

  public static void main(String[] args) throws Exception {
    ExecutorService starts = Executors.newCachedThreadPool();
    System.out.println("ready");
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] words = line.split(" ");
      if (words[0].equals("start")) starts.execute(() -> obey(words));
      else obey(words);
    }
    for (Peer peer : peers.values()) peer.close();
    System.exit(0);
  }

  private static void obey(String[] words) {
    String name = words[1];
    String[] rest = Arrays.copyOfRange(words, words[0].equals("start") ? 3 : 2, words.length);
    Consumer<String> teller = line -> System.out.println(name + " " + line);
    try {
      switch (words[0]) {
        case "start" -> {
          Peer peer = start(words[2], new PeerFlags(rest), teller);
          peers.put(name, peer);
          teller.accept("ready " + peer.port());
        }
        case "to" -> peers.get(name).obey(rest);
        case "end" -> {
          Peer peer = peers.remove(name);
          if (peer != null) peer.close();
          teller.accept("ended");
        }
        default -> teller.accept("failed unknown " + words[0]);
      }
    } catch (Exception error) {
      teller.accept("failed " + error);
    }
  }

  private static Peer start(String kind, PeerFlags flags, Consumer<String> teller) throws Exception {
    return kind.equals("node") ? new ScandiumNode(flags, teller) : new ScandiumClient(flags, teller);
  }
}
