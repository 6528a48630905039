/*
 * enforce/journal.h - append-only journal of orders and outcomes (docs/enforcement.md).
 *
 * One line of JSON an entry. The last member of a line is the SHA-256 of everything before it in
 * that line, the second is the hash of the line before: who changes, drops or swaps a line in the
 * middle breaks the chain there. Who cuts lines off the end leaves a whole chain, which is why the
 * head (number and hash of the last line) is also kept in the store and shown to operators.
 *
 * A line is written with one write and synced. A crash in the middle leaves a last line that is
 * not whole: the next open takes it away and says so. Anything else that does not fit is no crash:
 * the file is set aside and a new chain begins, with a first line that names it.
 *
 * An order is obeyed even when its line cannot be written (a full disk must not keep a liar at
 * work); the next line that can be says how many are missing.
 */
#ifndef ASSAY_ENFORCE_JOURNAL_H
#define ASSAY_ENFORCE_JOURNAL_H

#include "engine/messages/effect.h"
#include "engine/store/store.h"

enum {
    ASSAY_JOURNAL_LINE_MAX = 4096, /* longer ones are nobody's */
    ASSAY_JOURNAL_TEXT_MAX = 512,  /* of an entry's text, cut */
    ASSAY_JOURNAL_MESSAGE_LEN = 256,
    ASSAY_JOURNAL_HEAD_LEN = 40,
    ASSAY_JOURNAL_META = 2000, /* ASSAY_STORE_META; 2001 on are enforce/agent.c's */
};

/* What an entry is about. Symbol, text. */
#define ASSAY_JOURNAL_LIST(X)                                                                      \
    X(ASSAY_JOURNAL_BEGIN, "begin")       /* a chain begins */                                     \
    X(ASSAY_JOURNAL_REPAIRED, "repaired") /* a crash left half a line: it was taken away */        \
    X(ASSAY_JOURNAL_ORDER, "order")       /* taken up, and about to be carried out */              \
    X(ASSAY_JOURNAL_RESUMED, "resumed") /* begun before the daemon ended, about to be completed */ \
    X(ASSAY_JOURNAL_OUTCOME, "outcome") /* done, void, or not possible yet: status */              \
    X(ASSAY_JOURNAL_FAILED, "failed")   /* the driver could not do what it was asked */            \
    X(ASSAY_JOURNAL_STARTED, "started") /* what is enforced runs */                                \
    X(ASSAY_JOURNAL_ENDED, "ended")     /* and ended, and nobody ordered it */                     \
    X(ASSAY_JOURNAL_HOLD, "hold")       /* manually, with a reason */                              \
    X(ASSAY_JOURNAL_HOLD_RELEASED, "hold_released") /* the same, back */

#define ASSAY_JOURNAL_ENUM(symbol, text) symbol,
enum assay_journal_kind { ASSAY_JOURNAL_LIST(ASSAY_JOURNAL_ENUM) };
#undef ASSAY_JOURNAL_ENUM

struct assay_journal_entry {
    enum assay_journal_kind kind;
    const char *target; /* "enclave", or a name of enforcement.targets; NULL: none */
    const char *driver; /* NULL: none */
    bool dry_run;
    const struct assay_order *order; /* NULL: none */
    bool has_status;
    enum assay_status status;
    const char *text; /* for operators, any bytes; NULL: none */
};

struct assay_journal_head {
    uint64_t number; /* of the last line; 0: there is none */
    uint8_t hash[32];
};

/* What reading a journal found. */
struct assay_journal_report {
    struct assay_journal_head head; /* of the chain as far as it holds */
    uint64_t holds_len;             /* bytes of it */
    uint64_t torn_len;              /* bytes of a last line that is not whole */
    bool broken;
    uint64_t line; /* of broken, from 1 */
    char message[ASSAY_JOURNAL_MESSAGE_LEN];
};

/*
 * assay_journal_check - read a journal from its first line.
 * In:      known: a head that the chain must contain; number 0: any
 * Returns: ASSAY_OK and *report, whatever it says | ASSAY_E_NOT_FOUND | ASSAY_E_IO (also: not a
 *          regular file, see assay_file_read_fault)
 */
ASSAY_CHECKED enum assay_status assay_journal_check(const char *path,
                                                    const struct assay_journal_head *known,
                                                    struct assay_journal_report *report);

struct assay_journal;

struct assay_journal_config {
    const char *path;          /* copied; made with mode 0600 when absent */
    struct assay_store *store; /* keeps the head; NULL: nobody does. No batch is open in a write */
    uint64_t (*unix_ms)(void); /* NULL: the machine's clock */
};

/*
 * assay_journal_open - check the chain, repair the effect of a crash, start a new chain where it
 * was broken.
 * Out:     message: "" or what was found and done about it
 * Returns: ASSAY_OK | ASSAY_E_IO | ASSAY_E_STORE | ASSAY_E_RANGE (path) | ASSAY_E_MEMORY, with a
 *          message
 */
ASSAY_CHECKED enum assay_status assay_journal_open(const struct assay_journal_config *config,
                                                   struct assay_journal **out,
                                                   char message[static ASSAY_JOURNAL_MESSAGE_LEN]);
/* Accepts NULL (nothing happens). Out: what could not be written is counted. */
void assay_journal_append(struct assay_journal *journal, const struct assay_journal_entry *entry);
/* Returns: the head; number 0 for NULL. */
struct assay_journal_head assay_journal_get_head(const struct assay_journal *journal);
/* Returns: lines that could not be written since the last one that could. */
uint64_t assay_journal_count_lost(const struct assay_journal *journal);
/* Accepts a pointer to NULL; nulls it. */
void assay_journal_close(struct assay_journal **journal);
/* Returns: static text. */
const char *assay_journal_kind_name(enum assay_journal_kind kind);

#endif
