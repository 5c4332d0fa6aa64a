package redisconn

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/redis/go-redis/v9"
)

// trust makes the client trust the authorities in a file, and no others: a
// Redis of one's own has a certificate that the system's know nothing of.
func trust(options *redis.UniversalOptions, file string) error {
	if file == "" || options.TLSConfig == nil {
		return nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("REDIS_CA_FILE: this file cannot be read: %w", errors.Unwrap(err))
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(pem) {
		return errors.New("REDIS_CA_FILE: this file holds no certificate in PEM form, which begins with -----BEGIN CERTIFICATE-----")
	}
	options.TLSConfig.RootCAs = authorities
	return nil
}
