/*
 * net/evm/tasks.h - task contract calls: tasks whose deposit is on an EVM chain (docs/services.md
 * 8.3).
 */
#ifndef ASSAY_NET_EVM_TASKS_H
#define ASSAY_NET_EVM_TASKS_H

#include "net/evm/contract.h"
#include "net/evm/sender.h"
#include "services/evm/task.h"

/* What an anchored epoch says of the executor's member, and how that is under the scores root. */
struct assay_evm_score_proof {
    uint8_t leaf[47];
    uint64_t index, count; /* of the leaf; of leaves */
    const uint8_t (*path)[32];
    size_t path_len; /* at most ASSAY_EVM_SCORE_PATH_MAX */
};

/* Orders; their data are in bytes. Each Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_RANGE (terms or
 * path that the contract would refuse) */
ASSAY_CHECKED enum assay_status assay_eth_tasks_deploy_order(
    const uint8_t anchor[static ASSAY_EVM_ADDRESS_LEN], uint8_t *bytes, size_t capacity,
    struct assay_evm_order *order);
ASSAY_CHECKED enum assay_status assay_eth_open_order(const struct assay_evm_place *place,
                                                     const struct assay_evm_terms *terms,
                                                     const struct assay_evm_score_proof *proof,
                                                     uint8_t *bytes, size_t capacity,
                                                     struct assay_evm_order *order);
ASSAY_CHECKED enum assay_status assay_eth_claim_order(const struct assay_evm_place *place,
                                                      const struct assay_evm_terms *terms,
                                                      const struct assay_evm_claim *claim,
                                                      uint8_t *bytes, size_t capacity,
                                                      struct assay_evm_order *order);
ASSAY_CHECKED enum assay_status assay_eth_close_order(const struct assay_evm_place *place,
                                                      const struct assay_evm_terms *terms,
                                                      uint8_t *bytes, size_t capacity,
                                                      struct assay_evm_order *order);

/* Is the contract AssayTasks, over that anchor? Returns: ASSAY_OK | ASSAY_E_NOT_FOUND |
 * ASSAY_E_INVALID | statuses of the request */
ASSAY_CHECKED enum assay_status assay_eth_tasks_check(
    struct assay_evm_rpc *rpc, const struct assay_evm_place *place,
    const uint8_t anchor[static ASSAY_EVM_ADDRESS_LEN]);
/* After a block; 0: the newest. Out: *open: the task is known; *paid steps of it. Returns: ASSAY_OK
 * | statuses of the request */
ASSAY_CHECKED enum assay_status assay_eth_task_read(struct assay_evm_rpc *rpc,
                                                    const struct assay_evm_place *place,
                                                    const uint8_t task[static 32], uint64_t block,
                                                    bool *open, uint32_t *paid);

/*
 * assay_eth_task_opening - the key of a step, from the claim that was paid for it (docs/services.md
 * 8.10): a claim shows it to everybody.
 * In:      lock: SHA-256 of the key, as the receipt has it: so the node that answers cannot invent
 * one
 * Out:     opening: written only on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no claim of the last ASSAY_EVM_OPENING_BLOCKS has it) |
 *          statuses of the request
 */
enum { ASSAY_EVM_OPENING_BLOCKS = 100000, ASSAY_EVM_OPENING_WINDOW = 2000 };
ASSAY_CHECKED enum assay_status assay_eth_task_opening(struct assay_evm_rpc *rpc,
                                                       const struct assay_evm_place *place,
                                                       const uint8_t task[static 32],
                                                       const uint8_t lock[static 32],
                                                       uint8_t opening[static 32]);

#endif
