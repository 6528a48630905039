// bindings/go/files.go - TLS with the folder that `assay identity fetch` keeps: key, certificate chain and CA
// certificates of a workload, loaded again whenever they were renewed. Without cgo.

package assay

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// FileSource is a folder of `assay identity fetch` (docs/identity.md 11.4). Its methods look at each connection whether
// there is a newer set of files. One that cannot be read replaces nothing: the set before it serves until there is one.
type FileSource struct {
	dir string

	mutex sync.Mutex
	set   string // what `current` named when it was loaded
	now   *fileSet
}

type fileSet struct {
	certificate *tls.Certificate
	authorities *x509.CertPool
}

// Files returns the source of a folder. Nothing is read yet.
func Files(dir string) *FileSource { return &FileSource{dir: dir} }

// authoritiesOf reads CA certificates: PEM, or a SPIFFE bundle.
func authoritiesOf(raw []byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		if !pool.AppendCertsFromPEM(raw) {
			return nil, errors.New("expected CA certificates in PEM or a SPIFFE bundle, found neither")
		}
		return pool, nil
	}
	var bundle struct {
		Keys []struct {
			Use string   `json:"use"`
			X5C []string `json:"x5c"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(raw, &bundle); err != nil {
		return nil, err
	}
	found := 0
	for _, key := range bundle.Keys {
		if key.Use != "x509-svid" {
			continue // of tokens
		}
		if len(key.X5C) != 1 {
			return nil, fmt.Errorf("a key of the bundle has %d certificates, expected one", len(key.X5C))
		}
		der, err := base64.StdEncoding.DecodeString(key.X5C[0])
		if err != nil {
			return nil, err
		}
		one, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		pool.AddCert(one)
		found++
	}
	if found == 0 {
		return nil, errors.New("the bundle has no CA certificate")
	}
	return pool, nil
}

// loadSet reads all files of one set by its own name, so that they belong together whatever `current` names by now.
func loadSet(dir string) (*fileSet, error) {
	key, err := os.ReadFile(filepath.Join(dir, "key.pem"))
	if err != nil {
		return nil, err
	}
	chain, err := os.ReadFile(filepath.Join(dir, "cert.pem"))
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if errors.Is(err, os.ErrNotExist) {
		raw, err = os.ReadFile(filepath.Join(dir, "bundle.json"))
	}
	if err != nil {
		return nil, err
	}
	certificate, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	if certificate.Leaf, err = x509.ParseCertificate(certificate.Certificate[0]); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	authorities, err := authoritiesOf(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return &fileSet{&certificate, authorities}, nil
}

// newest returns the set that `current` names, or the last one that could be read.
func (f *FileSource) newest() (*fileSet, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	name, err := os.Readlink(filepath.Join(f.dir, "current"))
	if err == nil && (f.now == nil || name != f.set) {
		var loaded *fileSet
		if loaded, err = loadSet(filepath.Join(f.dir, name)); err == nil {
			f.set, f.now = name, loaded
		}
	}
	if f.now == nil {
		return nil, err
	}
	return f.now, nil
}

// Certificate returns the newest certificate with its key.
func (f *FileSource) Certificate() (*tls.Certificate, error) {
	set, err := f.newest()
	if err != nil {
		return nil, err
	}
	return set.certificate, nil
}

// Authorities returns the newest CA certificates of the network.
func (f *FileSource) Authorities() (*x509.CertPool, error) {
	set, err := f.newest()
	if err != nil {
		return nil, err
	}
	return set.authorities, nil
}

// GetCertificate is for tls.Config of a server.
func (f *FileSource) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return f.Certificate()
}

// GetClientCertificate is for tls.Config of a client.
func (f *FileSource) GetClientCertificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return f.Certificate()
}

// ServerConfig returns a configuration for HTTP/2 and HTTP/1.1 over mutual TLS: clients need a certificate of the
// network. Each connection has the newest files. No session is resumed, since a session that is resumed verifies nothing
// again (docs/identity.md 10.7). Any attested member may connect: compare the SPIFFE ID of the client, or request
// Authorize.
func (f *FileSource) ServerConfig() *tls.Config {
	config := &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{"h2", "http/1.1"}, ClientAuth: tls.RequireAndVerifyClientCert,
		SessionTicketsDisabled: true, GetCertificate: f.GetCertificate,
	}
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		authorities, err := f.Authorities()
		if err != nil {
			return nil, err
		}
		mine := config.Clone()
		mine.GetConfigForClient, mine.ClientCAs = nil, authorities
		return mine, nil
	}
	return config
}

// ClientConfig returns a configuration for connections to a service of the network: one whose certificate names this
// SPIFFE ID ("spiffe://mesh.example/svc/api") is accepted, and no other. Each connection has the newest files.
func (f *FileSource) ClientConfig(spiffeID string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{"h2", "http/1.1"}, GetClientCertificate: f.GetClientCertificate,
		InsecureSkipVerify: true, // crypto/tls compares host names alone; VerifyConnection verifies instead
		VerifyConnection: func(state tls.ConnectionState) error {
			authorities, err := f.Authorities()
			if err != nil {
				return err
			}
			// A server may send the certificate of its CA number by the one before (docs/identity.md 5.1.1).
			crosses := x509.NewCertPool()
			for _, sent := range state.PeerCertificates[1:] {
				crosses.AddCert(sent)
			}
			options := x509.VerifyOptions{Roots: authorities, Intermediates: crosses,
				KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
			if _, err = state.PeerCertificates[0].Verify(options); err != nil {
				return err
			}
			if found := SPIFFEID(state.PeerCertificates[0]); found != spiffeID {
				return fmt.Errorf("the server is %q, expected %q", found, spiffeID)
			}
			return nil
		},
	}
}

// SPIFFEID returns the SPIFFE ID of a certificate that was verified; "" unless it has exactly one URI, which is one.
func SPIFFEID(leaf *x509.Certificate) string {
	if len(leaf.URIs) != 1 || leaf.URIs[0].Scheme != "spiffe" {
		return ""
	}
	return leaf.URIs[0].String()
}
