// examples/mtls_server.go - HTTP/2 server over mutual TLS with the certificate of an attested key, which serves clients
// whose own key is active in the network.
//
//	assay identity fetch --dir /run/app/tls --key api ... --watch      writes and renews the files
//	mtls_server LISTEN DIR NODE
//	mtls_server 192.0.2.1:8443 /run/app/tls unix:///run/assay/admin.http
//
// NODE is a node that both trust: its answer is requested for each request, so that a member that the network suspends is
// denied on connections that are open, too.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"

	"assay.example/assay"
)

func serve(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s\n", r.Proto, assay.SPIFFEID(r.TLS.PeerCertificates[0]))
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: mtls_server LISTEN DIR NODE")
		os.Exit(2)
	}
	listen, dir, node := os.Args[1], os.Args[2], os.Args[3]
	if !strings.Contains(node, "://") {
		fmt.Fprintf(os.Stderr, "NODE: expected http://HOST:PORT, https://HOST:PORT or unix://PATH, found %q\n", node)
		os.Exit(2)
	}
	files := assay.Files(dir)
	if _, err := files.Certificate(); err != nil {
		log.Fatal(err)
	}
	authorizer := &assay.Authorizer{Nodes: []string{node}}
	server := &http.Server{
		TLSConfig: files.ServerConfig(),
		Handler:   authorizer.Handler(assay.ClassNormal, http.HandlerFunc(serve)),
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	log.Fatal(server.ServeTLS(listener, "", ""))
}
