package web

import "halfkey/devices/bulk"

// bulk does one deed to many things.
func (r Rooms) bulk() *bulk.Service {
	b := &bulk.Service{DB: r.DB, Vault: r.Orgs.Vault, Decider: r.Decider, Devices: r.Devices, Orgs: r.Orgs, Machines: r.Machines, Now: r.Now}
	if r.Agents != nil {
		b.Files = r.Agents.Files
	}
	return b
}
