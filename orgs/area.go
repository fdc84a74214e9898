package orgs

import (
	"fmt"

	"gorm.io/gorm"

	"halfkey/iam"
)

// Area is where, and for whom, a deed can change anything.
type Area struct {
	Org    iam.OrgID     // with all below it
	Alone  bool          // without what lies below
	Device iam.DeviceID  // this one alone, wherever it lies
	Became *iam.DeviceID // where the deed makes another device of it: that one, once it is done
	People []iam.UserID  // these alone; nil for everybody
}

// then is the area after the deed.
func (a Area) then() Area {
	if a.Became != nil && *a.Became != "" {
		a.Device = *a.Became
	}
	return a
}

// areaMost bounds how many places a preview looks at; beyond, it says so.
const areaMost = 2000

// places lists those of the area, the highest first.
func (a Area) places(tx *gorm.DB) (ids []iam.OrgID, err error) {
	switch {
	case a.Device != "":
		err = tx.Raw("SELECT org_id FROM devices WHERE id = ?", string(a.Device)).Scan(&ids).Error
	case a.Alone:
		return []iam.OrgID{a.Org}, nil
	default:
		err = tx.Raw("SELECT descendant FROM org_closure WHERE ancestor = ? ORDER BY depth, descendant LIMIT ?", string(a.Org), areaMost+1).Scan(&ids).Error
	}
	if err != nil {
		return nil, fmt.Errorf("list places of an area: %w", err)
	}
	return ids, nil
}

// within is the condition that a row lies in the area, by the columns that name
// its place and the device that it is of, "" where it is of none.
func (a Area) within(orgColumn, deviceColumn string) (string, any) {
	switch {
	case a.Device != "" && deviceColumn == "":
		return orgColumn + " = ?", "" // nothing of a place changes with a device
	case a.Device != "":
		return deviceColumn + " = ?", string(a.Device)
	case a.Alone:
		return orgColumn + " = ?", string(a.Org)
	}
	return orgColumn + " IN (SELECT descendant FROM org_closure WHERE ancestor = ?)", string(a.Org)
}
