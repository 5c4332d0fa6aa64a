package redisserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Certificate holds what a server on this machine needs to speak TLS, and what
// its clients need to trust it. No other machine trusts it.
type Certificate struct {
	// CAFile is the certificate authority that clients trust. It signed only this
	// certificate, and its key was never stored.
	CAFile string
	// CertFile and KeyFile are for the server.
	CertFile, KeyFile string
	authority         *x509.CertPool
}

// NewCertificate writes a certificate for 127.0.0.1, ::1 and localhost to PEM
// files in dir. It is valid for 30 days.
func NewCertificate(dir string) (Certificate, error) {
	authority, authorityKey, err := sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "CA of a local Redis"},
		IsCA:    true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, nil)
	if err != nil {
		return Certificate{}, err
	}
	leaf, key, err := sign(&x509.Certificate{
		Subject:     pkix.Name{CommonName: "local Redis"},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:    []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}, authority, authorityKey)
	if err != nil {
		return Certificate{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Certificate{}, err
	}
	c := Certificate{filepath.Join(dir, "ca.pem"), filepath.Join(dir, "redis.crt"), filepath.Join(dir, "redis.key"), x509.NewCertPool()}
	c.authority.AddCert(authority)
	return c, errors.Join(
		writePEM(c.CAFile, "CERTIFICATE", authority.Raw, 0o644),
		writePEM(c.CertFile, "CERTIFICATE", leaf.Raw, 0o644),
		writePEM(c.KeyFile, "PRIVATE KEY", private, 0o600),
	)
}

// Trust returns a TLS configuration for a client that trusts only this
// certificate.
func (c Certificate) Trust() *tls.Config {
	return &tls.Config{RootCAs: c.authority, MinVersion: tls.VersionTLS12}
}

// Args returns the arguments of a redis-server with this certificate. It does not
// ask its clients for one.
func (c Certificate) Args() []string {
	return []string{
		"--tls-cert-file", c.CertFile, "--tls-key-file", c.KeyFile,
		"--tls-ca-cert-file", c.CAFile, "--tls-auth-clients", "no",
	}
}

// sign makes a key and its certificate, signed by parent, or self-signed if
// parent is nil.
func sign(template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err != nil {
		return nil, nil, err
	}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(30*24*time.Hour)
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		return nil, nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return certificate, key, err
}

func writePEM(file, kind string, der []byte, mode os.FileMode) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode)
}
