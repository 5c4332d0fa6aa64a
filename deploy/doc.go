// Package deploy holds the tests of template.yaml, without an account in AWS:
// the validator that AWS publishes, policies of our own on what the template
// comes to for every choice of its parameters, faults that both must find, and
// a boot of a server against a local stand-in for ElastiCache.
package deploy
