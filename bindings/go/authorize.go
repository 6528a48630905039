// bindings/go/authorize.go - requests of a node whether the key of a TLS peer is active now (docs/http.md 7). Without cgo.

package assay

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Class is that of the work that the peer requests.
type Class string

// The classes: the member stands at WARNING or better, or at FULL.
const (
	ClassNormal   Class = "normal"
	ClassCritical Class = "critical"
)

// Authorization names whose key it is.
type Authorization struct {
	Member string // node_id, 64 hexadecimal digits
	Key    string // name of the key, which its enclave chose itself
}

// DeniedError is the answer of a node that the key is not active.
type DeniedError struct {
	Reason string // "unknown_key", "suspended" ...
}

func (e *DeniedError) Error() string { return "the key is denied: " + e.Reason }

// UndecidedError says that no node could tell, and why the last one could not. It is a no as well.
type UndecidedError struct {
	Reason string
	Err    error // nil, or why there was no answer
}

func (e *UndecidedError) Error() string {
	if e.Err != nil {
		return "no node answers: " + e.Err.Error()
	}
	return "no node can tell: " + e.Reason
}

// Unwrap returns why there was no answer.
func (e *UndecidedError) Unwrap() error { return e.Err }

// Authorizer requests nodes in turn, until one can tell. No answer is kept: one that is kept outlives a suspension.
type Authorizer struct {
	// Nodes are addresses of HTTP: "http://127.0.0.1:8080", "https://192.0.2.1:8443", or "unix:///run/assay/admin.http".
	Nodes []string
	// Purpose of the keys: "" is TLS.
	Purpose string
	// Node is the node_id, name or slot of the member that is meant; "" accepts any.
	Node string
	// TLS is for nodes of https; nil: the authorities of the machine.
	TLS *tls.Config
	// Timeout of each node; 0: two seconds.
	Timeout time.Duration
}

// DefaultAuthorizer is of the node on this machine, by its socket.
var DefaultAuthorizer = &Authorizer{Nodes: []string{"unix:///run/assay/admin.http"}}

// Authorize requests DefaultAuthorizer.
func Authorize(ctx context.Context, leaf *x509.Certificate, class Class) (*Authorization, error) {
	return DefaultAuthorizer.Authorize(ctx, leaf, class)
}

// transportOf returns the connections and the address for a node.
func (a *Authorizer) transportOf(node string) (*http.Transport, string) {
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: a.TLS}
	socket := strings.TrimPrefix(node, "unix://")
	if socket == node {
		return transport, strings.TrimSuffix(node, "/")
	}
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "unix", socket)
	}
	return transport, "http://localhost"
}

// request returns nil, nil when the node cannot tell, for the reason in *undecided.
func (a *Authorizer) request(ctx context.Context, node, query string, undecided *UndecidedError) (*Authorization, error) {
	timeout := a.Timeout
	if timeout == 0 {
		timeout = 2 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	transport, base := a.transportOf(node)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/v1/authorize?"+query, nil)
	if err != nil {
		return nil, err
	}
	answer, err := transport.RoundTrip(request) // follows no redirection
	if err != nil {
		*undecided = UndecidedError{Err: err}
		return nil, nil
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 65536))
	reason := answer.Header.Get("Assay-Reason")
	switch {
	case answer.StatusCode == http.StatusOK && reason == "active":
		return &Authorization{answer.Header.Get("Assay-Member"), answer.Header.Get("Assay-Key")}, nil
	case answer.StatusCode == http.StatusForbidden && reason != "":
		return nil, &DeniedError{reason}
	case answer.StatusCode == http.StatusServiceUnavailable && reason != "":
		*undecided = UndecidedError{Reason: reason}
		return nil, nil
	}
	*undecided = UndecidedError{Err: fmt.Errorf("%s: status %d, expected an answer of /v1/authorize", node, answer.StatusCode)}
	return nil, nil
}

// Authorize requests whether the key of this certificate is active now, for work of this class. The certificate is only
// the carrier of the key: TLS must have proven that the peer has it. With a nil error the key is active; any error is a
// no: *DeniedError, or *UndecidedError when no node can tell.
func (a *Authorizer) Authorize(ctx context.Context, leaf *x509.Certificate, class Class) (*Authorization, error) {
	if leaf == nil || len(leaf.RawSubjectPublicKeyInfo) == 0 {
		return nil, &DeniedError{"no_key"}
	}
	digest := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	query := url.Values{"spki": {hex.EncodeToString(digest[:])}, "class": {string(class)}}
	if a.Purpose != "" {
		query.Set("purpose", a.Purpose)
	}
	if a.Node != "" {
		query.Set("node", a.Node)
	}
	undecided := &UndecidedError{Reason: "no node is named"}
	for _, node := range a.Nodes {
		authorization, err := a.request(ctx, node, query.Encode(), undecided)
		if authorization != nil || err != nil {
			return authorization, err
		}
	}
	return nil, undecided
}

// Handler serves requests whose client has a key that is active now, for work of this class; others get 403, or 503
// when no node can tell. HTTP/2 keeps connections for long: the key is requested for each request, not for each handshake.
func (a *Authorizer) Handler(class Class, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var leaf *x509.Certificate
		if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
			leaf = r.TLS.PeerCertificates[0]
		}
		if _, err := a.Authorize(r.Context(), leaf, class); err != nil {
			status := http.StatusServiceUnavailable
			if _, isDenied := err.(*DeniedError); isDenied {
				status = http.StatusForbidden
			}
			http.Error(w, err.Error(), status)
			return
		}
		next.ServeHTTP(w, r)
	})
}
