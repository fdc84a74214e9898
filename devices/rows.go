package devices

import "gorm.io/gorm"

// What a View is made of. A page of devices is read often, so its rows are
// scanned by hand: reflection would take half of the page's time.
const viewColumns = "id, tenant_id, org_id, serial, name, kind, model, firmware, state, door, key_id, channel_id, version, address, called_at, boarded_at, sealed_at, removed_at, created_at"

func viewRows(q *gorm.DB) (list []Device, err error) {
	rows, err := q.Select(viewColumns).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var d Device
		if err := rows.Scan(&d.ID, &d.Tenant, &d.Org, &d.Serial, &d.Name, &d.Kind, &d.Model, &d.Firmware, &d.State, &d.Door, &d.Key, &d.Channel,
			&d.Version, &d.Address, &d.CalledAt, &d.BoardedAt, &d.SealedAt, &d.RemovedAt, &d.CreatedAt); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, rows.Err()
}
