/*
 * apps/assay/members/recover_note.h - notes of the one RECOVER of an era that an operator's key
 * signs (docs/protocol.md 9.16.4).
 *
 * A note is the id of a RECOVER, and one byte more until a signature was made. It is created before
 * the key is asked, by the first of several processes, and no signature is written without it.
 */
#ifndef ASSAY_APPS_ASSAY_MEMBERS_RECOVER_NOTE_H
#define ASSAY_APPS_ASSAY_MEMBERS_RECOVER_NOTE_H

#include "apps/assay/core/operator_key.h"
#include "engine/ledger/records/recover.h"

struct cli_recover_note {
    char paths[CLI_KEY_NOTES_MAX][CLI_KEY_NOTE_PATH_MAX];
    size_t count;
    uint8_t recover_id[32];
    unsigned era;
    bool json; /* how errors are printed */
};

/* Before a signature is requested. In: key, id: of the operator. Out: *note. Errors are printed.
 * Returns: an enum assay_exit; CONFLICT where the key has signed another RECOVER of this era, or
 * was asked to */
int cli_recover_note_begin(const char *key, const uint8_t id[static 32],
                           const struct assay_recover *recover, bool json,
                           struct cli_recover_note *note);
/* After a signature was made, before it is written. Returns: as begin; CONFLICT where the note was
 * removed or replaced meanwhile: the signature is not to be used */
int cli_recover_note_signed(const struct cli_recover_note *note);
/* After no signature was made: reports that the note stays. It is not removed: another process may
 * have the same signature in work. */
void cli_recover_note_report(const struct cli_recover_note *note);

#endif
