/*
 * base/file/trust.h - check that only this user and root can change a file.
 *
 * Configuration, genesis, hooks and the state's folder are no secrets, but changing them changes
 * the daemon's behaviour: they need the write permissions of keys (base/file/file.h).
 */
#ifndef ASSAY_BASE_FILE_TRUST_H
#define ASSAY_BASE_FILE_TRUST_H

#include "base/file/file.h"

/*
 * assay_file_trust_fault - may others than its owner write this file or folder, or put another in
 * its place?
 *
 * The owner is this process' user or root, of the file, of its folder, of each link and of each
 * folder on the way; others do not write them, nor does the group, unless it is the process'
 * primary group and no other user's, and no access list (POSIX ACL) lets users or groups that it
 * names write. In a sticky folder of the owner (/tmp) each name is its owner's: it may be on the
 * way, and where it is root's also be the folder itself. A process of root accepts every owner, and
 * that one's own group: it reads what is some daemon's.
 * Out:     message on true: which path, what was found and what was expected
 * Returns: true: they may, or it cannot be determined (a path that is too long) | false: no, or
 *          there is no such file
 */
bool assay_file_trust_fault(const char *path, char message[static ASSAY_FILE_MESSAGE_LEN]);

/*
 * assay_file_way_fault - the same of the folders above this one alone, and of links to it: for
 * keys, whose own folder has stricter checks (base/file/file.h). A folder whose permissions cannot
 * be determined is a fault.
 * Out:     message on true
 * Returns: true: they may, or it is unknown | false: no
 */
bool assay_file_way_fault(const char *folder, char message[static ASSAY_FILE_MESSAGE_LEN]);

#endif
