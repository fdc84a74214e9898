package main

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"
	"time"
)

func TestAnOldClientMeetsTheRSACertificate(t *testing.T) {
	c := defaults()
	c.Data, c.TLS.Mode, c.BaseURL = t.TempDir(), "self", "https://halfkey.lan"
	config, err := c.tlsConfig(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for name, run := range map[string]struct {
		suite uint16
		want  x509.PublicKeyAlgorithm
	}{
		"today's browser":            {0, x509.ECDSA},
		"a client that knows no ECC": {tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, x509.RSA},
	} {
		t.Run(name, func(t *testing.T) {
			ask := &tls.Config{ServerName: "halfkey.lan", InsecureSkipVerify: true}
			if run.suite != 0 {
				ask.MaxVersion, ask.CipherSuites = tls.VersionTLS12, []uint16{run.suite}
			}
			near, far := net.Pipe()
			go tls.Server(far, config).Handshake()
			conn := tls.Client(near, ask)
			if err := conn.Handshake(); err != nil {
				t.Fatal(err)
			}
			leaf := conn.ConnectionState().PeerCertificates[0]
			if leaf.PublicKeyAlgorithm != run.want || leaf.VerifyHostname("halfkey.lan") != nil || leaf.VerifyHostname("localhost") != nil {
				t.Fatalf("%v for %v", leaf.PublicKeyAlgorithm, leaf.DNSNames)
			}
		})
	}
}

func TestOwnCertificatesStayUntilTheyAreOld(t *testing.T) {
	c := defaults()
	c.Data, c.TLS.Mode = t.TempDir(), "self"
	serial := func(now time.Time) string {
		config, err := c.tlsConfig(now)
		if err != nil {
			t.Fatal(err)
		}
		return config.Certificates[0].Leaf.SerialNumber.String()
	}
	first := serial(time.Now())
	if serial(time.Now()) != first {
		t.Error("a restart made another certificate")
	}
	if serial(time.Now().AddDate(0, 0, 800)) == first {
		t.Error("an old certificate was kept")
	}
}
