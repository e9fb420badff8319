// One program of a PeerHost: told lines, tells lines, ends.
interface Peer {
  /** Its UDP port. */
  int port();

  void obey(String[] words) throws Exception;

  void close();
}
