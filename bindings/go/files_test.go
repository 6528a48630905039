// bindings/go/files_test.go - HTTP/2 over mutual TLS with folders as `assay identity fetch` writes them, and requests of a
// node that the test plays. Without cgo.

package assay

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority is a network with a CA.
type authority struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, template, parent *x509.Certificate, public any, key *ecdsa.PrivateKey) *x509.Certificate {
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func newAuthority(t *testing.T) *authority {
	key := newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "network"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	return &authority{t, key, sign(t, template, template, key.Public(), key)}
}

// set is what the folder of a workload has.
type set struct {
	key   *ecdsa.PrivateKey
	leaf  *x509.Certificate
	cross []byte // sent behind it, PEM
}

func (a *authority) issue(key *ecdsa.PrivateKey, serial int64, ids ...string) *set {
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	for _, id := range ids {
		uri, err := url.Parse(id)
		if err != nil {
			a.t.Fatal(err)
		}
		template.URIs = append(template.URIs, uri)
	}
	return &set{key, sign(a.t, template, a.cert, key.Public(), a.key), nil}
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// bundle is a SPIFFE bundle with a key of tokens, too.
func (a *authority) bundle() []byte {
	raw, _ := json.Marshal(map[string]any{"keys": []any{
		map[string]any{"kty": "OKP", "use": "jwt-svid", "kid": "1", "x": "AA"},
		map[string]any{"kty": "EC", "use": "x509-svid", "x5c": []string{base64.StdEncoding.EncodeToString(a.cert.Raw)}},
	}})
	return raw
}

// store writes a set as `assay identity fetch` does: a new folder, and then the link.
func (s *set) store(t *testing.T, dir, name string, authorities map[string][]byte) {
	folder := filepath.Join(dir, "set-"+name)
	der, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"key.pem": pemOf("PRIVATE KEY", der), "cert.pem": append(pemOf("CERTIFICATE", s.leaf.Raw), s.cross...)}
	for name, content := range authorities {
		files[name] = content
	}
	if err := os.Mkdir(folder, 0700); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0600); err != nil {
			t.Fatal(err)
		}
	}
	point(t, dir, "set-"+name)
}

func point(t *testing.T, dir, to string) {
	link := filepath.Join(dir, "new")
	if err := os.Symlink(to, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(link, filepath.Join(dir, "current")); err != nil {
		t.Fatal(err)
	}
}

func (a *authority) pem() map[string][]byte {
	return map[string][]byte{"ca.pem": pemOf("CERTIFICATE", a.cert.Raw)}
}

// serve answers with the protocol and the SPIFFE ID of the client. Returns: its address
func serve(t *testing.T, config *tls.Config, around func(http.Handler) http.Handler) string {
	handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s", r.Proto, SPIFFEID(r.TLS.PeerCertificates[0]))
	}))
	if around != nil {
		handler = around(handler)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, TLSConfig: config}
	server.ErrorLog = nil
	go func() { _ = server.ServeTLS(listener, "", "") }()
	t.Cleanup(func() { _ = server.Close() })
	return "https://" + listener.Addr().String()
}

// get requests with one connection. Returns: the answer, and the serial of the server's certificate
func get(config *tls.Config, address string) (string, int64, error) {
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Get(address)
	if err != nil {
		return "", 0, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %s", answer.StatusCode, body)
	}
	return string(body), answer.TLS.PeerCertificates[0].SerialNumber.Int64(), err
}

const serverID, clientID = "spiffe://mesh.example/svc/api", "spiffe://mesh.example/svc/web"

func expect(t *testing.T, config *tls.Config, address, text string, serial int64) {
	t.Helper()
	found, number, err := get(config, address)
	if err != nil || found != text || number != serial {
		t.Fatalf("expected %q of certificate %d, found %q of %d, %v", text, serial, found, number, err)
	}
}

func refuses(t *testing.T, config *tls.Config, address, what string) {
	t.Helper()
	if found, _, err := get(config, address); err == nil {
		t.Fatalf("%s: expected a refusal, found %q", what, found)
	}
}

func TestFilesServeHTTP2AndReload(t *testing.T) {
	network, next := newAuthority(t), newAuthority(t)
	at, of := t.TempDir(), t.TempDir()
	server, client := Files(at), Files(of)
	if _, err := server.Certificate(); err == nil {
		t.Fatal("an empty folder has no certificate")
	}
	network.issue(newKey(t), 1, serverID).store(t, at, "1", network.pem())
	network.issue(newKey(t), 2, clientID).store(t, of, "1", map[string][]byte{"bundle.json": network.bundle()})
	address := serve(t, server.ServerConfig(), nil)
	expect(t, client.ClientConfig(serverID), address, "HTTP/2.0 "+clientID, 1)

	// A new set is used from the next connection on; a broken one is not.
	network.issue(newKey(t), 3, serverID).store(t, at, "3", network.pem())
	expect(t, client.ClientConfig(serverID), address, "HTTP/2.0 "+clientID, 3)
	broken := network.issue(newKey(t), 4, serverID)
	broken.key = newKey(t)
	broken.store(t, at, "4", network.pem())
	expect(t, client.ClientConfig(serverID), address, "HTTP/2.0 "+clientID, 3)
	network.issue(newKey(t), 5, serverID).store(t, at, "5", map[string][]byte{"ca.pem": []byte("none")})
	expect(t, client.ClientConfig(serverID), address, "HTTP/2.0 "+clientID, 3)
	point(t, at, "set-none")
	expect(t, client.ClientConfig(serverID), address, "HTTP/2.0 "+clientID, 3)
	point(t, at, "set-1")
	expect(t, client.ClientConfig(serverID), address, "HTTP/2.0 "+clientID, 1)

	// The next CA number: the server first has it for clients, then its own certificate by it.
	both := map[string][]byte{"ca.pem": append(network.pem()["ca.pem"], next.pem()["ca.pem"]...)}
	network.issue(newKey(t), 6, serverID).store(t, at, "6", both)
	next.issue(newKey(t), 7, clientID).store(t, of, "7", both)
	expect(t, client.ClientConfig(serverID), address, "HTTP/2.0 "+clientID, 6)
	next.issue(newKey(t), 8, serverID).store(t, at, "8", next.pem())
	expect(t, client.ClientConfig(serverID), address, "HTTP/2.0 "+clientID, 8)
	network.issue(newKey(t), 9, clientID).store(t, of, "9", both)
	refuses(t, client.ClientConfig(serverID), address, "a client of a CA that was retired")
}

// A client that has the number before alone verifies the next one's servers by the cross certificate, and by no other.
func TestFilesVerifyTheNextNumber(t *testing.T) {
	network, next, other := newAuthority(t), newAuthority(t), newAuthority(t)
	at, of := t.TempDir(), t.TempDir()
	both := map[string][]byte{"ca.pem": append(network.pem()["ca.pem"], next.pem()["ca.pem"]...)}
	network.issue(newKey(t), 1, clientID).store(t, of, "1", network.pem())
	address := serve(t, Files(at).ServerConfig(), nil)
	cross := func(by *authority) []byte {
		template := *next.cert
		template.SerialNumber, template.MaxPathLenZero = big.NewInt(2), true
		return pemOf("CERTIFICATE", sign(t, &template, by.cert, next.key.Public(), by.key).Raw)
	}
	served := next.issue(newKey(t), 3, serverID)
	served.store(t, at, "3", both)
	refuses(t, Files(of).ClientConfig(serverID), address, "the next number without a cross certificate")
	served.cross = cross(other)
	served.store(t, at, "4", both)
	refuses(t, Files(of).ClientConfig(serverID), address, "a cross certificate of another network")
	served.cross = cross(network)
	served.store(t, at, "5", both)
	expect(t, Files(of).ClientConfig(serverID), address, "HTTP/2.0 "+clientID, 3)
}

func TestFilesRefuseOtherPeers(t *testing.T) {
	network, other := newAuthority(t), newAuthority(t)
	at := t.TempDir()
	network.issue(newKey(t), 1, serverID).store(t, at, "1", network.pem())
	server := Files(at)
	address := serve(t, server.ServerConfig(), nil)
	// What a client shows that does not verify the server.
	as := func(s *set) *tls.Config {
		config := &tls.Config{InsecureSkipVerify: true}
		if s != nil {
			config.Certificates = []tls.Certificate{{Certificate: [][]byte{s.leaf.Raw}, PrivateKey: s.key}}
		}
		return config
	}
	expect(t, as(network.issue(newKey(t), 2, clientID)), address, "HTTP/2.0 "+clientID, 1)
	refuses(t, as(nil), address, "no certificate")
	refuses(t, as(other.issue(newKey(t), 2, clientID)), address, "another network")
	stolen := network.issue(newKey(t), 2, clientID)
	stolen.key = newKey(t)
	refuses(t, as(stolen), address, "another key than that of the certificate")
	old := as(network.issue(newKey(t), 2, clientID))
	old.MaxVersion = tls.VersionTLS12
	refuses(t, old, address, "TLS 1.2")
	// What a client accepts.
	of := t.TempDir()
	network.issue(newKey(t), 2, clientID).store(t, of, "1", network.pem())
	refuses(t, Files(of).ClientConfig("spiffe://mesh.example/svc/vault"), address, "another service")
	network.issue(newKey(t), 2, clientID).store(t, of, "2", other.pem())
	refuses(t, Files(of).ClientConfig(serverID), address, "a server of another network")
	// A session is not resumed: each connection shows a certificate.
	config := as(network.issue(newKey(t), 2, clientID))
	config.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	for i := 0; i < 2; i++ {
		link, err := tls.Dial("tcp", strings.TrimPrefix(address, "https://"), config)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = link.Write([]byte("GET / HTTP/1.0\r\n\r\n"))
		_, _ = io.ReadAll(link)
		if link.ConnectionState().DidResume {
			t.Error("a session was resumed")
		}
		link.Close()
	}
	if found := SPIFFEID(network.issue(newKey(t), 3, clientID, serverID).leaf); found != "" {
		t.Errorf("two SPIFFE IDs are none: %q", found)
	}
	if found := SPIFFEID(network.issue(newKey(t), 3, "https://mesh.example/svc/api").leaf); found != "" {
		t.Errorf("another URI is none: %q", found)
	}
}

// node is one that the test plays.
type node struct {
	status int
	reason string
	query  url.Values
	count  int
}

func (n *node) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.count++
	n.query = r.URL.Query()
	if r.URL.Path != "/v1/authorize" { // where a redirection leads
		w.Header().Set("Assay-Reason", "active")
		return
	}
	if n.status == http.StatusFound {
		w.Header().Set("Location", "/elsewhere")
	}
	if n.reason != "" {
		w.Header().Set("Assay-Reason", n.reason)
	}
	w.Header().Set("Assay-Member", "77")
	w.Header().Set("Assay-Key", "web")
	w.WriteHeader(n.status)
}

func (n *node) listen(t *testing.T) string {
	socket := filepath.Join(t.TempDir(), "http.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: n}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return "unix://" + socket
}

func TestAuthorize(t *testing.T) {
	network := newAuthority(t)
	leaf := network.issue(newKey(t), 1, clientID).leaf
	first, second := &node{status: 200, reason: "active"}, &node{status: 403, reason: "suspended"}
	authorizer := &Authorizer{Nodes: []string{first.listen(t), second.listen(t)}, Purpose: "tls", Node: "node-2"}
	ask := func() (*Authorization, error) { return authorizer.Authorize(context.Background(), leaf, ClassCritical) }
	found, err := ask()
	if err != nil || found.Member != "77" || found.Key != "web" || second.count != 0 {
		t.Fatalf("an active key: %v, %v", found, err)
	}
	digest := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	for name, value := range map[string]string{"spki": hex.EncodeToString(digest[:]), "class": "critical", "purpose": "tls", "node": "node-2"} {
		if first.query.Get(name) != value {
			t.Errorf("%s: expected %q, found %q", name, value, first.query.Get(name))
		}
	}
	// A node that cannot tell is passed over, and so is one that does not answer, or as no node does.
	for _, wrong := range []*node{{status: 503, reason: "behind"}, {status: 200}, {status: 200, reason: "suspended"}, {status: 403},
		{status: 404}, {status: 302, reason: "active"}, {status: 500, reason: "active"}} {
		first.status, first.reason, second.count = wrong.status, wrong.reason, 0
		var denied *DeniedError
		if found, err := ask(); found != nil || !errors.As(err, &denied) || denied.Reason != "suspended" || second.count != 1 {
			t.Errorf("%v: expected the second node's refusal, found %v, %v", wrong, found, err)
		}
	}
	second.status, second.reason = 503, "stalled"
	var undecided *UndecidedError
	if found, err := ask(); found != nil || !errors.As(err, &undecided) || undecided.Reason != "stalled" {
		t.Errorf("nodes that cannot tell: %v, %v", found, err)
	}
	for _, nodes := range [][]string{nil, {"unix:///nowhere/http.sock"}, {"http://127.0.0.1:1"}} {
		authorizer.Nodes = nodes
		if found, err := ask(); found != nil || !errors.As(err, &undecided) {
			t.Errorf("%v: expected no answer, found %v, %v", nodes, found, err)
		}
	}
	if found, err := authorizer.Authorize(context.Background(), nil, ClassNormal); found != nil || err == nil {
		t.Errorf("no certificate: %v, %v", found, err)
	}
	if found, err := Authorize(context.Background(), leaf, ClassNormal); found != nil || err == nil {
		t.Errorf("no node on this machine: %v, %v", found, err)
	}
}

// A member that is suspended is denied on a connection that is open.
func TestHandlerRequestsEachTime(t *testing.T) {
	network := newAuthority(t)
	at, of := t.TempDir(), t.TempDir()
	network.issue(newKey(t), 1, serverID).store(t, at, "1", network.pem())
	network.issue(newKey(t), 2, clientID).store(t, of, "1", network.pem())
	decides := &node{status: 200, reason: "active"}
	authorizer := &Authorizer{Nodes: []string{decides.listen(t)}}
	address := serve(t, Files(at).ServerConfig(), func(next http.Handler) http.Handler {
		return authorizer.Handler(ClassNormal, next)
	})
	transport := &http.Transport{TLSClientConfig: Files(of).ClientConfig(serverID), ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	for i, one := range []struct {
		status int
		reason string
		answer int
	}{{200, "active", 200}, {403, "suspended", 403}, {503, "behind", 503}, {500, "", 503}, {200, "active", 200}} {
		decides.status, decides.reason = one.status, one.reason
		answer, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != one.answer || answer.Proto != "HTTP/2.0" {
			t.Errorf("%d: expected status %d over HTTP/2.0, found %d over %s", i, one.answer, answer.StatusCode, answer.Proto)
		}
		if decides.count != i+1 {
			t.Errorf("%d: the node was requested %d times", i, decides.count)
		}
	}
}
