/*
 * net/runtime/log_fields.c - names of note fields, and texts of notes about members.
 */
#include "net/runtime/log_fields.h"

#include "base/assert.h"
#include "engine/ledger/records/finding.h"
#include "net/documents/document.h"

#include <stdio.h>
#include <string.h>

enum form { NUMBER, TRUTH, STANDING, STATUS, KIND, OUTCOME, END, MISSING, KEYS };

struct field {
    const char *key; /* NULL: the number has no meaning */
    enum form form;
};

struct fields {
    struct field a, b;
};

static struct fields note_field_names(enum assay_note note)
{
#define ONE(name_a, form_a)                                                                        \
    (struct fields)                                                                                \
    {                                                                                              \
        .a = { name_a, form_a }                                                                    \
    }
#define TWO(name_a, form_a, name_b, form_b)                                                        \
    (struct fields)                                                                                \
    {                                                                                              \
        .a = { name_a, form_a }, .b = { name_b, form_b }                                           \
    }
    switch (note) {
    case ASSAY_NOTE_FINALISED: return TWO("height", NUMBER, "view", NUMBER);
    case ASSAY_NOTE_EPOCH_CLOSED: return TWO("epoch", NUMBER, "certified", TRUTH);
    case ASSAY_NOTE_STANDING: return TWO("before", STANDING, "after", STANDING);
    case ASSAY_NOTE_FAIL_PROVEN: return ONE("outcome", OUTCOME);
    case ASSAY_NOTE_OFFENCE_PROVEN: return ONE("proof", NUMBER);
    case ASSAY_NOTE_EQUIVOCATION: return TWO("proof", NUMBER, "view", NUMBER);
    case ASSAY_NOTE_INCARNATION_LISTED: return ONE("incarnation", NUMBER);
    case ASSAY_NOTE_EVIDENCE_FOREIGN:
    case ASSAY_NOTE_EVIDENCE_MISSING:
    case ASSAY_NOTE_BALLOT_CAST:
    case ASSAY_NOTE_CAUGHT_UP:
    case ASSAY_NOTE_KEYS_ACTIVE:
    case ASSAY_NOTE_ROOT_MISMATCH: return ONE("epoch", NUMBER);
    case ASSAY_NOTE_KEYS_ENDED: return TWO("epoch", NUMBER, "reason", KEYS);
    case ASSAY_NOTE_VIEW_NULLIFIED:
    case ASSAY_NOTE_STANDSTILL: return ONE("view", NUMBER);
    case ASSAY_NOTE_RESUMED: return ONE("above_view", NUMBER);
    case ASSAY_NOTE_BEHIND: return TWO("epoch", NUMBER, "epoch_seen", NUMBER);
    case ASSAY_NOTE_CLOCK: return ONE("ahead_ms", NUMBER);
    case ASSAY_NOTE_REFUSED: return TWO("kind", KIND, "status", STATUS);
    case ASSAY_NOTE_CHANGE_INCLUDED: return TWO("change", NUMBER, "active_from_epoch", NUMBER);
    case ASSAY_NOTE_CHANGE_ACTIVE: return ONE("change", NUMBER);
    case ASSAY_NOTE_CHANGE_ENDED: return TWO("change", NUMBER, "end", END);
    case ASSAY_NOTE_CANNOT_CATCH_UP: return TWO("epoch", NUMBER, "lacks", MISSING);
    case ASSAY_NOTE_FAST_SYNCED: return TWO("epoch", NUMBER, "from_epoch", NUMBER);
    case ASSAY_NOTE_FENCED:
    case ASSAY_NOTE_RELEASED:
    case ASSAY_NOTE_RECOVER_UNCONFIRMED:
    case ASSAY_NOTE_RECOVERED: return TWO("era", NUMBER, "epoch", NUMBER);
    case ASSAY_NOTE_VOTES_LOST:
    case ASSAY_NOTE_VOTES_RETURNED: return TWO("epoch", NUMBER, "weight", NUMBER);
    case ASSAY_NOTE_VOTES_RETAINED: return TWO("epoch", NUMBER, "floor_percent", NUMBER);
    case ASSAY_NOTE_IDENTITY_IN_USE: return TWO("epoch", NUMBER, "incarnation", NUMBER);
    case ASSAY_NOTE_ERA_FORKED: return TWO("its_era", NUMBER, "its_height", NUMBER);
    case ASSAY_NOTE_RECOVER_ACCEPTED: return TWO("height", NUMBER, "epoch", NUMBER);
    case ASSAY_NOTE_RECOVER_REFUSED: return TWO("own_height", NUMBER, "named_height", NUMBER);
    case ASSAY_NOTE_SERVICES_FETCHED: return TWO("epoch", NUMBER, "documents", NUMBER);
    case ASSAY_NOTE_COLLATERAL_INCLUDED:
        return TWO("evaluation_number", NUMBER, "serves_from_ms", NUMBER);
    case ASSAY_NOTE_COLLATERAL_ACTIVE:
    case ASSAY_NOTE_COLLATERAL_REVERTED:
    case ASSAY_NOTE_COLLATERAL_VOID: return TWO("evaluation_number", NUMBER, "higher", TRUTH);
    }
    ASSAY_UNREACHABLE("a note outside the list");
#undef ONE
#undef TWO
}

/* As ASSAY_NOTE_CANNOT_CATCH_UP numbers it. */
static const char *lack_text(uint64_t what)
{
    static const char *const texts[] = { [ASSAY_MISSING_BLOCKS] = "blocks",
                                         [ASSAY_MISSING_STATE] = "state",
                                         [ASSAY_MISSING_MEMBERSHIP] = "roster-with-us",
                                         [ASSAY_MISSING_ANSWERS] = "answers",
                                         [ASSAY_MISSING_TRUTH] = "one-history",
                                         [ASSAY_MISSING_ACCEPTANCE] = "acceptance" };
    return what < sizeof texts / sizeof texts[0] && texts[what] != NULL ? texts[what] : "unknown";
}

static const char *note_value_word(enum form form, uint64_t value)
{
    switch (form) {
    case STANDING: return assay_document_standing(value);
    case STATUS: return assay_status_symbol((enum assay_status)value);
    case KIND: return assay_message_name((unsigned)value);
    case OUTCOME: return assay_outcome_text((enum assay_outcome)value);
    case END: return assay_document_change_end(value);
    case MISSING: return lack_text(value);
    case KEYS: return assay_keys_state_text((enum assay_keys_state)value);
    case NUMBER:
    case TRUTH: break;
    }
    ASSAY_UNREACHABLE("no word");
}

static void log_value(struct assay_log *log, const struct field *field, uint64_t value)
{
    if (field->key == NULL) return;
    if (field->form == NUMBER) assay_log_uint(log, field->key, value);
    else if (field->form == TRUTH) assay_log_bool(log, field->key, value != 0);
    else assay_log_text(log, field->key, note_value_word(field->form, value));
}

void assay_log_note_fields(struct assay_log *log, enum assay_note note, uint64_t a, uint64_t b)
{
    const struct fields fields = note_field_names(note);
    ASSAY_ASSERT(fields.a.key != NULL); /* the first number of every note has a name */
    log_value(log, &fields.a, a);
    log_value(log, &fields.b, b);
}

/* ------------------------------------------------------------ notes about a member */

const char *assay_log_reason(const struct assay_member_snapshot *member,
                             char text[static ASSAY_LOG_REASON_LEN])
{
    _Static_assert((int)ASSAY_LOG_REASON_LEN >= (int)ASSAY_FINDING_REASON_LEN + 3, "and the mark");
    const bool is_cut = strlen(member->last_reason) == ASSAY_FINDING_REASON_LEN - 1;
    (void)snprintf(text, ASSAY_LOG_REASON_LEN, "%s%s", member->last_reason, is_cut ? "..." : "");
    return text;
}

const char *assay_log_predicate(enum assay_note note, const struct assay_member_snapshot *member)
{
    if (note == ASSAY_NOTE_FAIL_PROVEN) return "proven to fail";
    if (note == ASSAY_NOTE_OFFENCE_PROVEN) return "convicted by proof";
    if (note == ASSAY_NOTE_EQUIVOCATION) return "signed two things";
    if (note == ASSAY_NOTE_EVIDENCE_FOREIGN) return "sent evidence that is not for this epoch";
    ASSAY_ASSERT(note == ASSAY_NOTE_EVIDENCE_MISSING);
    return assay_outcome_is_fail(member->own_outcome) ? "sent no evidence: its last one fails"
                                                      : "sent no evidence for this epoch";
}

bool assay_log_has_reason(enum assay_note note, const struct assay_member_snapshot *member)
{
    static const char absent[] = "absent: ", convicted[] = "convicted by";
    if (member->last_reason[0] == '\0') return false;
    if (note == ASSAY_NOTE_FAIL_PROVEN)
        return strncmp(member->last_reason, absent, sizeof absent - 1) != 0;
    if (note == ASSAY_NOTE_OFFENCE_PROVEN)
        return strncmp(member->last_reason, convicted, sizeof convicted - 1) != 0;
    return false;
}
