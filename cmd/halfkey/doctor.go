package main

import (
	"crypto/tls"
	"path/filepath"
	"syscall"

	"halfkey/devices/doctor"
)

// doctor finds what is broken now.
func (h *house) doctor() *doctor.Service {
	return &doctor.Service{DB: h.db.Gorm, Vault: h.vault, Decider: h.decider, Orgs: h.orgs, Devices: h.devices, Desk: h.desk,
		Now:     h.now,
		Machine: doctor.Machine{Ground: h.db, Folder: h.config.Data, Keyset: h.config.Keyset, Disk: h.config.disk, Certificates: h.config.certificates}}
}

// disk is how much room there is where the data lies, in bytes.
func (c Config) disk() (free, total uint64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(c.Data, &s); err != nil {
		return 0, 0, err
	}
	return s.Bavail * uint64(s.Bsize), s.Blocks * uint64(s.Bsize), nil
}

// certificates are those that the main door shows, as they lie in their files now.
func (c Config) certificates() (all []doctor.Certificate) {
	add := func(cert, key string, own bool) {
		// One that cannot be read stops the next start, which says so.
		if pair, err := tls.LoadX509KeyPair(cert, key); err == nil {
			all = append(all, doctor.Certificate{Name: cert, End: pair.Leaf.NotAfter, Own: own})
		}
	}
	switch c.TLS.Mode {
	case "file":
		add(c.TLS.Cert, c.TLS.Key, false)
	case "self":
		for _, kind := range []string{"ecdsa", "rsa"} {
			path := filepath.Join(c.Data, "tls-"+kind+".pem")
			add(path, path, true)
		}
	}
	return all
}
