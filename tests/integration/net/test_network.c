/*
 * Four real nodes over loopback: sockets, evidence, verification, agreement, scores.
 */
#include "tests/integration/net/network.h"

#include <criterion/criterion.h>

enum { FOUR = 4, EPOCH_MS = 1000, START_MS = 300 };

static bool all_past(const struct network *network, const void *context)
{
    const uint64_t epoch = *(const uint64_t *)context;
    for (uint32_t i = 0; i < network->count; i++)
        if (network->nodes[i].host != NULL && network_epoch(network, i) <= epoch) return false;
    return true;
}

static struct network *four_up(void)
{
    struct network *network = network_make(FOUR, EPOCH_MS, START_MS);
    for (uint32_t i = 0; i < FOUR; i++)
        cr_assert(network_up(network, i));
    return network;
}

static void run_past(struct network *network, uint64_t epoch)
{
    cr_assert(network_run(network, 60000, all_past, &epoch), "epoch %llu was not closed",
              (unsigned long long)epoch);
}

Test(net_network, four_nodes_close_epochs_and_everyone_stays_full)
{
    struct network *network = four_up();
    run_past(network, 4);
    for (uint32_t i = 0; i < FOUR; i++) {
        struct assay_engine_view view;
        assay_engine_view(assay_host_engine(network->nodes[i].host), &view);
        cr_assert(view.voting);
        cr_assert_geq(view.certified_epoch, 2);
        for (uint32_t k = 0; k < FOUR; k++) {
            struct assay_member_view member;
            network_look(network, i, k, &member);
            cr_assert_eq(member.trust.score.standing, ASSAY_STANDING_FULL);
            cr_assert_eq(assay_trust_score_bp(&member.trust), 10000);
            cr_assert_eq(member.weight_bp, 10000);
            cr_assert_geq(member.last_success_epoch, 2);
        }
    }
    network_free(&network);
}
