/*
 * tests/links/model.h - model of a link between hosts.
 *
 * What a link does to a packet: pure, so that one seed says it all.
 *
 * A link is one way. What happens to its k-th packet is drawn from (seed, link, k) alone; when that
 * packet comes is the machine's affair, so two runs of one script meet the same luck, not the same
 * microseconds.
 */
#ifndef ASSAY_TESTS_LINKS_MODEL_H
#define ASSAY_TESTS_LINKS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LINK_PER_MILLION = 1000000,
    LINK_QUEUE_US = 400 * 1000, /* what waits longer for a narrow link is dropped, as routers do */
};

/* As the script says. */
struct link_rule {
    uint32_t delay_us;
    uint32_t jitter_us;      /* 0 to this much more; packets of a link stay in order */
    uint32_t loss_ppm;       /* of a million packets */
    uint32_t duplicate_ppm;
    uint32_t rate_kbit;      /* 0: no bound */
    uint32_t mtu;            /* larger packets do not fit; 0: no bound */
    bool cut;
    bool silent;             /* what does not fit is dropped without a word (a black hole) */
};

struct link_state {
    uint64_t random;
    uint64_t busy_until_us; /* the last bit of what waits leaves then */
    uint64_t last_due_us;
    uint64_t passed, lost, refused; /* refused: cut, too large, queue full */
};

enum link_fate { LINK_PASSES, LINK_LOST, LINK_TOO_LARGE };

/* from, to: numbers of hosts. */
void link_state_init(struct link_state *state, uint64_t seed, uint32_t from, uint32_t to);
/*
 * link_decide - what becomes of the next packet.
 * Out:     copies (1 or 2) and *due_us when it passes
 * Returns: its fate
 */
enum link_fate link_decide(struct link_state *state, const struct link_rule *rule, uint64_t now_us,
                           size_t len, uint32_t *copies, uint64_t *due_us);

#endif
