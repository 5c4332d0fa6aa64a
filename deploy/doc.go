// Package deploy tests template.yaml without an AWS account: with the validator
// that AWS publishes; with our own policies for every choice of the parameters;
// with faults that the validator or the policies must find; and by booting a
// server against a local stand-in for ElastiCache.
package deploy
