// examples/attested_keys.go - TLS between two keys of a network's members, without a certificate authority, with crypto/tls; as
// attested_keys.c.
//
// usage: attested_keys server|client PORT CERTIFICATE KEY CHECKPOINT MEMBER MAX-AGE [AT]
//
// CERTIFICATE and KEY are this side's own, in PEM; the certificate is signed by its own key and has the key proof of `assay
// proof NODE --keys` as extension 1.3.6.1.4.1.32473.17.2. CHECKPOINT is of `assay checkpoint`, MEMBER the node id of the other
// side, 64 hexadecimal digits, MAX-AGE in seconds. AT is the Unix time to verify at, instead of now. Exit status: 0 when both sides
// accepted each other, 1 when one did not, 2 when there was no connection.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"assay.example/assay"
)

// peer is what the other side has to be.
type peer struct {
	checkpoint []byte
	member     [32]byte
	maxAge     time.Duration
	at         time.Time // zero: now
}

var proofID = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 17, 2}

// findProof returns the value of the extension that has the key proof.
func findProof(certificate *x509.Certificate) ([]byte, error) {
	for _, one := range certificate.Extensions { // crypto/x509 refuses a certificate with two of one kind
		if one.Id.Equal(proofID) {
			return one.Value, nil
		}
	}
	return nil, errors.New("the certificate has no key proof")
}

// verify is called by crypto/tls in place of its own verification of chain and host name: the issuer of the certificate
// decides nothing. The handshake proves that the peer has the key. A program that runs for longer stores Report.Checkpoint in
// place of its older one.
func (p *peer) verify(state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 || state.DidResume {
		return errors.New("the peer shows no certificate")
	}
	certificate := state.PeerCertificates[0]
	proof, err := findProof(certificate)
	if err != nil {
		return err
	}
	found, err := assay.VerifyKey(&assay.KeyRequest{
		Proof: proof, Checkpoint: p.checkpoint, Key: certificate.RawSubjectPublicKeyInfo, NodeID: &p.member,
		StandingWorst: assay.StandingWarning, Now: p.at, MaxAge: p.maxAge,
	})
	if err != nil {
		return err
	}
	if found.Answer == assay.KeyOtherProof {
		return errors.New(found.Report.Answer.String())
	}
	if found.Answer != assay.KeyActive {
		return errors.New(found.Answer.String())
	}
	fmt.Printf("peer accepted, epoch %d\n", found.Report.Epoch)
	return nil
}

func configure(certificate, key string, p *peer) (*tls.Config, error) {
	own, err := tls.LoadX509KeyPair(certificate, key)
	return &tls.Config{
		Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS13,
		ClientAuth: tls.RequireAnyClientCert, InsecureSkipVerify: true, // verify comes in place of both
		SessionTicketsDisabled: true, // a session that is resumed shows no certificate
		VerifyConnection: func(state tls.ConnectionState) error {
			err := p.verify(state)
			if err != nil {
				fmt.Printf("refused: %s\n", err)
			}
			return err
		},
	}, err
}

func connect(isServer bool, port string) (net.Conn, error) {
	if !isServer {
		return net.Dial("tcp", "127.0.0.1:"+port)
	}
	listening, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		return nil, err
	}
	defer listening.Close()
	fmt.Printf("port %d\n", listening.Addr().(*net.TCPAddr).Port)
	return listening.Accept()
}

// exchange sends one line each way: in TLS 1.3 a client learns by reading that the server refused it.
func exchange(connection *tls.Conn) error {
	answer := make([]byte, 6)
	if _, err := connection.Write([]byte("hello\n")); err != nil {
		return err
	}
	if _, err := io.ReadFull(connection, answer); err != nil {
		return err
	}
	if string(answer) != "hello\n" {
		return errors.New("another line than hello")
	}
	return nil
}

func read(arguments []string) (*peer, error) {
	p := &peer{}
	member, err := hex.DecodeString(arguments[4])
	if err != nil || copy(p.member[:], member) != 32 || len(member) != 32 {
		return nil, errors.New("MEMBER: 64 hexadecimal digits")
	}
	age, err := strconv.ParseUint(arguments[5], 10, 32)
	if err != nil {
		return nil, err
	}
	p.maxAge = time.Duration(age) * time.Second
	if len(arguments) > 6 {
		at, err := strconv.ParseInt(arguments[6], 10, 64)
		if err != nil {
			return nil, err
		}
		p.at = time.Unix(at, 0)
	}
	p.checkpoint, err = os.ReadFile(arguments[3])
	return p, err
}

func run(role string, arguments []string) (int, error) {
	p, err := read(arguments)
	if err != nil {
		return 2, err
	}
	config, err := configure(arguments[1], arguments[2], p)
	if err != nil {
		return 2, err
	}
	plain, err := connect(role == "server", arguments[0])
	if err != nil {
		return 2, err
	}
	defer plain.Close()
	connection := tls.Client(plain, config)
	if role == "server" {
		connection = tls.Server(plain, config)
	}
	if err := exchange(connection); err != nil {
		fmt.Printf("not connected\n%s\n", err)
		return 1, nil
	}
	fmt.Println("connected")
	return 0, nil
}

func main() {
	if len(os.Args) < 8 || len(os.Args) > 9 || (os.Args[1] != "server" && os.Args[1] != "client") {
		fmt.Fprintln(os.Stderr, "usage: attested_keys server|client PORT CERTIFICATE KEY CHECKPOINT MEMBER MAX-AGE [AT]")
		os.Exit(2)
	}
	status, err := run(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(status)
}
