/*
 * net/timeline/event_severity.c - severities of notes, and of events that are none.
 */
#include "net/timeline/event_severity.h"

#include "base/assert.h"

#include <string.h>

enum assay_severity assay_severity_of_note(enum assay_note note)
{
    switch (note) {
    case ASSAY_NOTE_ROOT_MISMATCH:
    case ASSAY_NOTE_CANNOT_CATCH_UP:
    case ASSAY_NOTE_CHANGE_ENDED:
    case ASSAY_NOTE_FENCED:
    case ASSAY_NOTE_RECOVER_REFUSED:
    case ASSAY_NOTE_RECOVER_UNCONFIRMED:
    case ASSAY_NOTE_ERA_FORKED:
    case ASSAY_NOTE_IDENTITY_IN_USE:
    case ASSAY_NOTE_COLLATERAL_REVERTED:
    case ASSAY_NOTE_VOTES_LOST:
    case ASSAY_NOTE_VOTES_RETAINED:
    case ASSAY_NOTE_CLOCK: return ASSAY_SEVERITY_ERROR; /* alarms */
    case ASSAY_NOTE_FAIL_PROVEN:
    case ASSAY_NOTE_OFFENCE_PROVEN:
    case ASSAY_NOTE_EQUIVOCATION:
    case ASSAY_NOTE_COLLATERAL_VOID:
    case ASSAY_NOTE_KEYS_ENDED:
    case ASSAY_NOTE_EVIDENCE_FOREIGN: return ASSAY_SEVERITY_WARNING;
    case ASSAY_NOTE_EPOCH_CLOSED:
    case ASSAY_NOTE_SERVICES_FETCHED:
    case ASSAY_NOTE_STANDING:
    case ASSAY_NOTE_INCARNATION_LISTED:
    case ASSAY_NOTE_KEYS_ACTIVE:
    case ASSAY_NOTE_EVIDENCE_MISSING:
    case ASSAY_NOTE_RESUMED:
    case ASSAY_NOTE_BEHIND:
    case ASSAY_NOTE_FAST_SYNCED:
    case ASSAY_NOTE_RECOVERED:
    case ASSAY_NOTE_RECOVER_ACCEPTED:
    case ASSAY_NOTE_RELEASED:
    case ASSAY_NOTE_CHANGE_INCLUDED:
    case ASSAY_NOTE_CHANGE_ACTIVE:
    case ASSAY_NOTE_COLLATERAL_INCLUDED:
    case ASSAY_NOTE_COLLATERAL_ACTIVE:
    case ASSAY_NOTE_VOTES_RETURNED:
    case ASSAY_NOTE_CAUGHT_UP: return ASSAY_SEVERITY_INFO;
    case ASSAY_NOTE_FINALISED:
    case ASSAY_NOTE_VIEW_NULLIFIED:
    case ASSAY_NOTE_BALLOT_CAST:
    case ASSAY_NOTE_STANDSTILL:
    case ASSAY_NOTE_REFUSED: return ASSAY_SEVERITY_DEBUG;
    }
    return ASSAY_SEVERITY_INFO; /* a note newer than this list */
}

/* Of net/runtime; what is not listed is information. */
static const struct {
    const char *code;
    enum assay_severity severity;
} others[] = {
    { "change_expired", ASSAY_SEVERITY_WARNING }, { "clock_out_of_sync", ASSAY_SEVERITY_ERROR },
    { "device_shared", ASSAY_SEVERITY_WARNING },
    { "enclave_exited", ASSAY_SEVERITY_WARNING }, { "hold", ASSAY_SEVERITY_WARNING },
    { "peer_banned", ASSAY_SEVERITY_WARNING },    { "peer_excluded", ASSAY_SEVERITY_WARNING },
};

enum assay_severity assay_severity_of_event(const char *code)
{
#define ROW(symbol, number, name) { symbol, name },
    static const struct {
        enum assay_note note;
        const char *name;
    } notes[] = { ASSAY_NOTE_LIST(ROW) };
#undef ROW
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
        if (strcmp(code, notes[i].name) == 0) return assay_severity_of_note(notes[i].note);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(code, others[i].code) == 0) return others[i].severity;
    return ASSAY_SEVERITY_INFO;
}

const char *assay_severity_word(enum assay_severity severity)
{
    static const char *const words[] = { "error", "warning", "info", "debug" };
    ASSAY_ASSERT((size_t)severity < sizeof words / sizeof words[0]);
    return words[severity];
}
