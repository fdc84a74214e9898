package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// tlsConfig is nil for plain HTTP. Mode self shows an ECDSA certificate to those who
// know that kind, and an RSA one to the industrial clients that do not.
func (c Config) tlsConfig(now time.Time) (*tls.Config, error) {
	var names []string
	switch c.TLS.Mode {
	case "off":
		return nil, nil
	case "file":
		pair, err := tls.LoadX509KeyPair(c.TLS.Cert, c.TLS.Key)
		if err != nil {
			return nil, fmt.Errorf("tls.cert, tls.key: %w", err)
		}
		return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}, nil
	}
	if err := c.makeFolder(); err != nil {
		return nil, err
	}
	if u, err := url.Parse(c.BaseURL); err == nil && u.Host != "" {
		names = append(names, u.Hostname())
	}
	if host, err := os.Hostname(); err == nil {
		names = append(names, host)
	}
	names = append(names, "localhost", "127.0.0.1", "::1")
	var pairs []tls.Certificate
	for _, kind := range []string{"ecdsa", "rsa"} {
		pair, err := ownCertificate(filepath.Join(c.Data, "tls-"+kind+".pem"), kind, names, now)
		if err != nil {
			return nil, fmt.Errorf("own %s certificate: %w", kind, err)
		}
		pairs = append(pairs, pair)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: pairs}, nil
}

// ownCertificate reads the file (key and certificate in one), or makes it when it is
// missing, names another host, or has less than a month to go.
func ownCertificate(path, kind string, names []string, now time.Time) (tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(path, path)
	if err == nil && pair.Leaf.NotAfter.After(now.AddDate(0, 1, 0)) && pair.Leaf.VerifyHostname(names[0]) == nil {
		return pair, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return pair, err
	}
	text, err := makeCertificate(kind, names, now)
	if err != nil {
		return pair, err
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return pair, err
	}
	return tls.X509KeyPair(text, text)
}

func makeCertificate(kind string, names []string, now time.Time) ([]byte, error) {
	var key crypto.Signer
	var err error
	if kind == "rsa" {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	// Apple's systems refuse server certificates that live longer than 825 days.
	sheet := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "Halfkey at " + names[0]},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.AddDate(0, 0, 820),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			sheet.IPAddresses = append(sheet.IPAddresses, ip)
		} else {
			sheet.DNSNames = append(sheet.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, sheet, sheet, key.Public(), key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	return append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...), nil
}
