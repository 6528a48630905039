/*
 * services/tasks/document.h - document of accounts, offers and tasks in the ledger state
 * (docs/services.md 7.4).
 *
 * Canonical CBOR of the state that records and closes have made. Standings, scores and the epoch,
 * which each close sets again, are not part of it. The last 64 epochs in which a member was
 * certified are numbered by epoch, so the document of a ledger without records does not change
 * while its members are certified.
 *
 *   ["assay/tasks/v3", accounts_max, tasks_max,
 *    [[account, balance, sequence, used] ..] ascending,
 *    [[slot, certified, [[code ..], price, hold, address] or null] ..] of members that have any, by
 *     slot,
 *    [[task, requestor, input, executor, price, hold, steps, paid, rent, opened, deadline,
 *      min_standing, end, failed, quiet, leaving, [key, payee] or null] ..] in the order of rows]
 */
#ifndef ASSAY_SERVICES_TASKS_DOCUMENT_H
#define ASSAY_SERVICES_TASKS_DOCUMENT_H

#include "services/tasks/ledger.h"

enum {
    ASSAY_TASK_DOCUMENT_HEAD_MAX = 64,
    ASSAY_TASK_DOCUMENT_ACCOUNT_MAX = 1 + 34 + 9 + 9 + 9,
    ASSAY_TASK_DOCUMENT_SEAT_MAX =
        1 + 3 + 9 + 1 + 1 + ASSAY_TASK_MEASUREMENTS_MAX * 34 + 9 + 9 + 2 + ASSAY_TASK_ADDRESS_MAX,
    ASSAY_TASK_DOCUMENT_ROW_MAX =
        1 + 3 * 34 + 3 + 9 + 9 + 3 + 3 + 2 + 9 + 9 + 1 + 1 + 1 + 2 + 1 + 1 + 66 + 34,
};

/* Returns: an upper bound of the bytes of a ledger of these limits: 237 KiB for 1,024 accounts, 512
 * tasks and 128 slots. */
size_t assay_task_ledger_len_max(uint32_t accounts_max, uint32_t tasks_max, uint32_t slots_max);
/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_task_ledger_encode(const struct assay_task_ledger *ledger,
                                                         struct assay_writer *w);
/*
 * assay_task_ledger_decode - decodes the ledger of a document.
 * In:      ledger: of init, with the limits and first balances of the document
 * Out:     *ledger, in which no member has a standing before assay_task_ledger_set_standing, which
 *          also sets the epoch; undefined unless ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_RANGE (also other limits), ASSAY_E_ENCODING (something does not
 *          ascend), ASSAY_E_INVALID (no fold could have made it) | as base/cbor.h |
 *          ASSAY_E_TRAILING
 */
ASSAY_CHECKED enum assay_status assay_task_ledger_decode(struct assay_slice bytes,
                                                         struct assay_task_ledger *ledger);

#endif
