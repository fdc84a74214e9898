package migrations

// SQLite may throw a prepared statement's plan away whenever another value is
// bound to it, and plans a join anew for every run then: 14 to 80 µs where
// running it takes 2. Its query planner stability guarantee forbids that. The
// driver has no word for the setting, so each new connection of this process is
// given it by SQLite's own hook for extensions.
// https://www.sqlite.org/queryplanner-ng.html#qpstab

/*

extern int sqlite3_auto_extension(void (*)(void));
extern int sqlite3_db_config(void *, int, ...);

static int keep_plans(void *db, char **problem, const void *api) {
	return sqlite3_db_config(db, 1007, 1, (int *)0); // SQLITE_DBCONFIG_ENABLE_QPSG
}

static int keep_plans_everywhere(void) {
	return sqlite3_auto_extension((void (*)(void))keep_plans);
}
*/
import "C"

import "fmt"

func init() {
	if code := C.keep_plans_everywhere(); code != 0 {
		panic(fmt.Sprintf("sqlite3_auto_extension: %d", code))
	}
}
