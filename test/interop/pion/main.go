// pion/dtls driven by lines, as a client (`send HEX`, `reconnect`) or as a server that answers with `peer=PORT ` and the message.
// It tells `ready PORT`, `data HEX`, `failed TEXT`; a server tells `refused TEXT`.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/elliptic"
)

func main() {
	flags := map[string]string{}
	for _, arg := range os.Args[2:] {
		name, value, _ := strings.Cut(arg, "=")
		flags[name] = value
	}
	var err error
	if os.Args[1] == "server" {
		err = serve(flags)
	} else {
		err = connect(flags)
	}
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
}

// options: psk by `identity` and `key`, certificates by `trust` or `cert` and `key-file`, `cid` bytes (0: sends only), `suite`, `curve`; sessions are kept in memory to be resumed with `remember`.
func options(flags map[string]string) ([]dtls.Option, error) {
	all := []dtls.Option{dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret)}
	if text, has := flags["cid"]; has {
		size, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		generator := dtls.OnlySendCIDGenerator()
		if size > 0 {
			generator = dtls.RandomCIDGenerator(size)
		}
		all = append(all, dtls.WithConnectionIDGenerator(generator))
	}
	if text, has := flags["suite"]; has {
		code, err := strconv.ParseUint(text, 16, 16)
		if err != nil {
			return nil, err
		}
		all = append(all, dtls.WithCipherSuites(dtls.CipherSuiteID(code)))
	}
	if identity, has := flags["identity"]; has {
		key, err := hex.DecodeString(flags["key"])
		if err != nil {
			return nil, err
		}
		lookup := func([]byte) ([]byte, error) { return key, nil }
		all = append(all, dtls.WithPSK(lookup), dtls.WithPSKIdentityHint([]byte(identity)))
	}
	if path, has := flags["trust"]; has {
		pool, err := authorities(path)
		if err != nil {
			return nil, err
		}
		all = append(all, dtls.WithRootCAs(pool), dtls.WithServerName("localhost"))
	}
	if _, has := flags["remember"]; has {
		all = append(all, dtls.WithSessionStore(&memoryStore{sessions: map[string]dtls.Session{}}))
	}
	if flags["curve"] == "x25519" {
		all = append(all, dtls.WithEllipticCurves(elliptic.X25519, elliptic.P256))
	}
	if path, has := flags["cert"]; has {
		pair, err := tls.LoadX509KeyPair(path, flags["key-file"])
		if err != nil {
			return nil, err
		}
		all = append(all, dtls.WithCertificates(pair))
	}
	return all, nil
}

// memoryStore keeps sessions to resume until it is told to forget them.
type memoryStore struct {
	lock     sync.Mutex
	sessions map[string]dtls.Session
}

func (store *memoryStore) Set(key []byte, session dtls.Session) error {
	store.lock.Lock()
	defer store.lock.Unlock()
	store.sessions[string(key)] = session
	return nil
}

func (store *memoryStore) Get(key []byte) (dtls.Session, error) {
	store.lock.Lock()
	defer store.lock.Unlock()
	return store.sessions[string(key)], nil
}

func (store *memoryStore) Del(key []byte) error {
	store.lock.Lock()
	defer store.lock.Unlock()
	delete(store.sessions, string(key))
	return nil
}

func authorities(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return pool, nil
}

func connect(flags map[string]string) error {
	shared, err := options(flags)
	if err != nil {
		return err
	}
	address, err := net.ResolveUDPAddr("udp", flags["server"])
	if err != nil {
		return err
	}
	var own []dtls.ClientOption
	for _, option := range shared {
		own = append(own, option)
	}
	dial := func() (*dtls.Conn, error) {
		conn, err := dtls.DialWithOptions("udp", address, own...)
		if err != nil {
			return nil, err
		}
		if err := conn.Handshake(); err != nil {
			return nil, err
		}
		go tell(conn)
		fmt.Println("ready", conn.LocalAddr().(*net.UDPAddr).Port)
		return conn, nil
	}
	conn, err := dial()
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if lines.Text() == "reconnect" {
			conn.Close()
			if conn, err = dial(); err != nil {
				return err
			}
			continue
		}
		bytes, err := hex.DecodeString(strings.TrimPrefix(lines.Text(), "send "))
		if err != nil {
			return err
		}
		if _, err := conn.Write(bytes); err != nil {
			return err
		}
	}
	return conn.Close()
}

func tell(conn net.Conn) {
	buffer := make([]byte, 8192)
	for {
		size, err := conn.Read(buffer)
		if err != nil {
			return
		}
		fmt.Println("data", hex.EncodeToString(buffer[:size]))
	}
}

func serve(flags map[string]string) error {
	shared, err := options(flags)
	if err != nil {
		return err
	}
	var own []dtls.ServerOption
	for _, option := range shared {
		own = append(own, option)
	}
	if path, has := flags["client-ca"]; has {
		pool, err := authorities(path)
		if err != nil {
			return err
		}
		policy := dtls.RequireAndVerifyClientCert
		if flags["client-certificate"] == "optional" {
			policy = dtls.VerifyClientCertIfGiven
		}
		own = append(own, dtls.WithClientCAs(pool), dtls.WithClientAuth(policy))
	}
	listener, err := dtls.ListenWithOptions("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, own...)
	if err != nil {
		return err
	}
	fmt.Println("ready", listener.Addr().(*net.UDPAddr).Port)
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		if err != nil {
			fmt.Println("refused", err)
			continue
		}
		go answer(conn)
	}
}

func answer(conn net.Conn) {
	defer conn.Close()
	buffer := make([]byte, 8192)
	for {
		size, err := conn.Read(buffer)
		if err != nil {
			return
		}
		head := fmt.Sprintf("peer=%d ", conn.RemoteAddr().(*net.UDPAddr).Port)
		if _, err := conn.Write(append([]byte(head), buffer[:size]...)); err != nil {
			return
		}
	}
}
