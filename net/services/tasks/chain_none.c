/*
 * net/services/tasks/chain_none.c - executors and requestors in a build without EVM chains: tasks
 * that are paid on a chain are refused.
 */
#include "net/services/tasks/executor_internal.h"
#include "net/services/tasks/task_client_internal.h"

#include "base/assert.h"
#include "services/evm/secp256k1.h"
#include "services/evm/task_codec.h"

/* ------------------------------------------------------------ executors */

void assay_executor_on_frame(struct assay_executor_node *n, uint64_t guest,
                             const struct assay_task_frame *frame)
{
    (void)guest;
    (void)frame;
    ASSAY_ASSERT(n->config.chain == NULL);
}

bool assay_executor_may_start(struct assay_executor_node *n, struct assay_executor_work *work)
{
    ASSAY_ASSERT(n->config.chain == NULL && !work->on_chain);
    return true;
}

struct assay_executor_work *assay_executor_evict_draft(struct assay_executor_node *n)
{
    ASSAY_ASSERT(n->config.chain == NULL);
    return NULL;
}

void assay_executor_store_owed(struct assay_executor_node *n,
                               const struct assay_executor_work *work)
{
    (void)n;
    (void)work;
    ASSAY_UNREACHABLE("a build without EVM chains");
}

/* Claims that a build with chains left in the vault stay there. */
enum assay_status assay_executor_owed_load(struct assay_executor_node *n)
{
    ASSAY_ASSERT(n->config.chain == NULL);
    return ASSAY_OK;
}

void assay_executor_chain_step(struct assay_executor_node *n)
{
    ASSAY_ASSERT(n->config.chain == NULL);
}

struct assay_payout_claims_status assay_payout_claims_status(struct assay_payout_claims *claims)
{
    (void)claims;
    ASSAY_UNREACHABLE("a build without EVM chains");
}

/* ------------------------------------------------------------ requestors */

enum assay_status assay_requestor_chain_read(struct assay_task_client *c, struct assay_slice row)
{
    (void)c;
    (void)row;
    return ASSAY_E_UNSUPPORTED;
}

void assay_requestor_chain_look(struct assay_task_client *c)
{
    ASSAY_ASSERT(!c->on_chain);
}

void assay_requestor_chain_frame(struct assay_task_client *c, struct assay_slice bytes)
{
    (void)bytes;
    ASSAY_ASSERT(!c->on_chain);
}

void assay_requestor_chain_closed(struct assay_task_client *c)
{
    ASSAY_ASSERT(!c->on_chain);
}

enum assay_status assay_requestor_draft(struct assay_task_client *client,
                                        const struct assay_task_request *request,
                                        const uint8_t price[static ASSAY_EVM_PRICE_LEN],
                                        uint64_t deadline_s)
{
    (void)client;
    (void)request;
    (void)price;
    (void)deadline_s;
    return ASSAY_E_UNSUPPORTED;
}

const struct assay_evm_terms *assay_requestor_evm(const struct assay_task_client *client)
{
    ASSAY_ASSERT(!client->on_chain);
    return NULL;
}

enum assay_status assay_requestor_opened(struct assay_task_client *client)
{
    ASSAY_ASSERT(!client->on_chain);
    return ASSAY_E_INVALID;
}

enum assay_status assay_evm_sign(const struct assay_secret32 *key,
                                 const uint8_t digest[static 32],
                                 struct assay_evm_signature *signature)
{
    (void)key;
    (void)digest;
    (void)signature;
    return ASSAY_E_UNSUPPORTED;
}

void assay_evm_signature_pack(const struct assay_evm_signature *signature,
                              uint8_t bytes[static ASSAY_EVM_PACKED_LEN])
{
    (void)signature;
    (void)bytes;
    ASSAY_UNREACHABLE("a build without EVM chains");
}
