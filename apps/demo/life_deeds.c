/*
 * apps/demo/life_deeds.c - rows of the one-year story about members and rules, and the table.
 */
#include "apps/demo/life.h"
#include "apps/demo/platforms.h"

#include <string.h>

enum {
    QUIET_EPOCHS = 4,
    MAINTENANCE_EPOCHS = 16, /* it is back well before they are over, also on a busy machine */
    /* Who does what: */
    UPDATED = 1,  /* the second peer runs the new build */
    SERVICED = 5, /* the sixth is in maintenance */
    DRAINED = 4,  /* the fifth is drained and undrained */
    REPLACED = 3, /* the fourth leaves; LIFE_REPLACEMENT comes */
};

/* ------------------------------------------------------------ members */

static bool look_birth(struct demo *demo, struct life_turn *turn)
{
    if (life_epoch(demo) < QUIET_EPOCHS || !life_all_well(demo)) return false;
    for (uint32_t i = 0; i < LIFE_FOUNDERS; i++)
        if (!life_is_full(demo, i)) return false;
    return life_known(turn, true, "7 members FULL in epoch %llu", (llu)life_epoch(demo));
}

/* From the roster on: the daemon of a newcomer begins with genesis, catches up, earns integrity. */
static bool look_newcomer(struct demo *demo, struct life_turn *turn, uint32_t peer)
{
    const struct demo_member *member = life_seen(demo, peer);
    switch (turn->phase) {
    case 1:
        if (!life_is_at(demo, peer, "member")) return false;
        if (!life_start(demo, peer)) return life_known(turn, false, "it did not start");
        return life_next(demo, turn);
    case 2:
        if (member == NULL || member->integrity_bp == 0 || !life_goes_on(demo, turn)) return false;
        return life_known(turn, member->weight == 0 && member->probation,
                          "listed, integrity %u bp after %llu epochs, on probation without weight",
                          (unsigned)member->integrity_bp, (llu)(life_epoch(demo) - turn->epoch));
    default: return false;
    }
}

static bool join_peer(struct demo *demo, struct life_turn *turn, uint32_t peer, const char *leaves)
{
    char card[PATH_MAX], sample[PATH_MAX], operator_[32];
    const struct demo_peer *p = &demo->peers[peer];
    (void)snprintf(card, sizeof card, "%s", demo_below(demo, "%s/keys/node.yaml", p->name));
    (void)snprintf(sample, sizeof sample, "%s", demo_below(demo, "%s/sample.quote", p->name));
    (void)snprintf(operator_, sizeof operator_, "operator-%u", (unsigned)p->operator_ + 1);
    const char *const alone[] = {
        "--join", card, "--sample", sample, "--operator", operator_, NULL
    };
    const char *const both[] = { "--leave", leaves,       "--join",  card, "--sample",
                                 sample,    "--operator", operator_, NULL };
    return life_change(demo, turn, leaves != NULL ? both : alone);
}

static bool look_join(struct demo *demo, struct life_turn *turn)
{
    if (turn->phase > 0) return look_newcomer(demo, turn, LIFE_NEWCOMER);
    if (!join_peer(demo, turn, LIFE_NEWCOMER, NULL)) return life_refused(turn);
    return life_next(demo, turn);
}

static bool look_replace(struct demo *demo, struct life_turn *turn)
{
    const struct demo_peer *old = &demo->peers[REPLACED];
    if (turn->phase == 0) {
        if (!join_peer(demo, turn, LIFE_REPLACEMENT, old->name)) return life_refused(turn);
        life_excuse(REPLACED);
        life_away(REPLACED, true); /* its daemon ends by itself */
        return life_next(demo, turn);
    }
    /* That it ends is what is looked for: when, a busy machine decides. */
    if (turn->phase == 2 && (old->pid != 0 || !life_is_at(demo, REPLACED, "left"))) return false;
    if (!look_newcomer(demo, turn, LIFE_REPLACEMENT)) return false;
    turn->passed = turn->passed && life_is_at(demo, REPLACED, "left") && old->pid == 0;
    (void)snprintf(turn->figure, sizeof turn->figure, "%s %s, its daemon %s; %s is on probation",
                   old->name, life_is_at(demo, REPLACED, "left") ? "left" : "did NOT leave",
                   old->pid == 0 ? "ended" : "did NOT end", demo->peers[LIFE_REPLACEMENT].name);
    return true;
}

static bool look_drain(struct demo *demo, struct life_turn *turn)
{
    const char *const drain[] = { "--drain", demo->peers[DRAINED].name, NULL };
    const struct demo_member *member = life_seen(demo, DRAINED);
    switch (turn->phase) {
    case 0:
        if (!life_change(demo, turn, drain)) return life_refused(turn);
        life_excuse(DRAINED);
        return life_next(demo, turn);
    case 1:
        if (!life_is_at(demo, DRAINED, "resting")) return false;
        life_stop(demo, DRAINED, false);
        return life_next(demo, turn);
    default:
        if (!life_goes_on(demo, turn) || member == NULL) return false;
        return life_known(turn, member->weight == 0, "weight %u, certified epochs without it",
                          (unsigned)member->weight);
    }
}

static bool look_undrain(struct demo *demo, struct life_turn *turn)
{
    const char *const undrain[] = { "--undrain", demo->peers[DRAINED].name, NULL };
    const struct demo_member *member = life_seen(demo, DRAINED);
    switch (turn->phase) {
    case 0:
        if (!life_start(demo, DRAINED)) return life_known(turn, false, "its daemon did not start");
        return life_next(demo, turn);
    case 1:
        if (!life_goes_on(demo, turn)) return false;
        if (!life_change(demo, turn, undrain)) return life_refused(turn);
        return life_next(demo, turn);
    default:
        if (!life_is_at(demo, DRAINED, "member") || !life_goes_on(demo, turn)) return false;
        if (member->weight == 0 || member->availability_bp == 0) return false;
        life_settled(demo, DRAINED);
        return life_known(turn, member->incarnation == 1,
                          "weight %u at once, availability %u bp so far, keys as before",
                          (unsigned)member->weight, (unsigned)member->availability_bp);
    }
}

static bool look_maintenance(struct demo *demo, struct life_turn *turn)
{
    char what[64];
    struct demo_peer *peer = &demo->peers[SERVICED];
    const struct demo_member *member = life_seen(demo, SERVICED);
    const char *const service[] = { "--maintenance", what, NULL };
    if (member == NULL) return false;
    switch (turn->phase) {
    case 0:
        (void)snprintf(what, sizeof what, "%s=%u", peer->name, (unsigned)MAINTENANCE_EPOCHS);
        if (!life_change_alone(demo, turn, peer->operator_, service)) return life_refused(turn);
        return life_next(demo, turn);
    case 1:
        if (!member->in_maintenance) return false;
        turn->before = turn->lowest = member->availability_bp;
        life_stop(demo, SERVICED, false);
        return life_next(demo, turn);
    case 2:
        if (life_epoch(demo) <= turn->epoch || !life_start(demo, SERVICED)) return false;
        return life_next(demo, turn);
    default:
        /* What a busy machine is late with before and after it is not its cost. */
        if (member->in_maintenance && member->availability_bp < turn->lowest)
            turn->lowest = member->availability_bp;
        if (member->in_maintenance || !life_goes_on(demo, turn)) return false;
        life_settled(demo, SERVICED);
        return life_known(turn, turn->lowest >= turn->before,
                          "away within it, availability %u bp before and never below %u bp in it",
                          (unsigned)turn->before, (unsigned)turn->lowest);
    }
}

/* ------------------------------------------------------------ rules */

/* An update of the host. */
static bool update_enclave(struct demo *demo, uint32_t index)
{
    if (!demo_peer_swap_enclave(demo, &demo->peers[index])) return false;
    life_excuse(index);
    demo_report(demo, life_epoch(demo), demo->peers[index].name, "updated",
                "its enclave is the new build");
    return true;
}

/* A second build is allowed, and a member that runs it stands as before. */
static bool look_policy(struct demo *demo, struct life_turn *turn)
{
    char build[65], reference[80];
    const struct demo_reading *now = &demo_witness(demo)->now;
    const struct demo_peer *peer = &demo->peers[UPDATED];
    const char *const allow[] = { "--allow-reference", reference, NULL };
    assay_hex_encode(demo->tampered_measurement, 32, build, sizeof build);
    (void)snprintf(reference, sizeof reference, "mrenclave=%s", build);
    switch (turn->phase) {
    case 0:
        (void)snprintf(turn->digest, sizeof turn->digest, "%s", now->policy_digest);
        if (!life_change(demo, turn, allow)) return life_refused(turn);
        return life_next(demo, turn);
    case 1:
        if (strcmp(now->policy_digest, turn->digest) == 0 || now->trial_sequence != 0) return false;
        if (peer->now.enclave_pid <= 0) return false; /* it did not answer just now */
        if (!update_enclave(demo, UPDATED)) return life_known(turn, false, "no update");
        return life_next(demo, turn);
    default:
        if (strcmp(peer->now.measurement, build) != 0 || !life_goes_on(demo, turn)) return false;
        life_settled(demo, UPDATED);
        return life_known(turn, life_is_whole(demo, UPDATED) && now->reverted_sequence == 0,
                          "in force by epoch %llu, %s runs the new build and is %s",
                          (llu)turn->epoch, peer->name, life_seen(demo, UPDATED)->standing);
    }
}

/* policy.yaml with the measurement of a build that no member runs. */
static bool write_wrong_policy(const struct demo *demo)
{
    char right[65], line[256];
    FILE *in = fopen(demo_below(demo, "policy.yaml"), "re");
    FILE *out = fopen(demo_below(demo, "wrong.yaml"), "we");
    bool changed = false;
    assay_hex_encode(demo->good_measurement, 32, right, sizeof right);
    while (in != NULL && out != NULL && fgets(line, sizeof line, in) != NULL) {
        char *at = strstr(line, right);
        for (size_t i = 0; at != NULL && i < 64; i++)
            at[i] = '7';
        changed = changed || at != NULL;
        (void)fputs(line, out);
    }
    if (in != NULL) (void)fclose(in);
    return out != NULL && fclose(out) == 0 && changed;
}

static bool settle_revert(struct demo *demo, struct life_turn *turn)
{
    uint32_t whole = 0;
    for (uint32_t i = 0; i < LIFE_FOUNDERS; i++) {
        whole += life_is_whole(demo, i);
        life_settled(demo, i);
    }
    return life_known(turn, whole == LIFE_FOUNDERS,
                      "change %llu reverted in epoch %llu: the old rules are back, %u of 7 whole",
                      (llu)turn->number, (llu)turn->epoch, (unsigned)whole);
}

static bool look_bad_policy(struct demo *demo, struct life_turn *turn)
{
    char path[PATH_MAX + 16];
    (void)snprintf(path, sizeof path, "%s/wrong.yaml", demo->dir);
    const char *const policy[] = { "--policy", path, NULL };
    const struct demo_reading *now = &demo_witness(demo)->now;
    switch (turn->phase) {
    case 0:
        (void)snprintf(turn->digest, sizeof turn->digest, "%s", now->policy_digest);
        if (!write_wrong_policy(demo) || !life_change(demo, turn, policy))
            return life_refused(turn);
        for (uint32_t i = 0; i < demo->options.peer_count; i++)
            life_excuse(i);
        return life_next(demo, turn);
    case 1:
        if (now->reverted_sequence != turn->number) return false;
        if (strcmp(now->policy_digest, turn->digest) != 0) return false;
        return life_next(demo, turn);
    default: return life_goes_on(demo, turn) && settle_revert(demo, turn);
    }
}

/* ------------------------------------------------------------ the year */

static bool look_year_end(struct demo *demo, struct life_turn *turn)
{
    uint32_t members = 0;
    for (uint32_t i = 0; i < demo->options.peer_count; i++) {
        if (life_is_at(demo, i, "left")) continue;
        const bool newcomer = i == LIFE_NEWCOMER || i == LIFE_REPLACEMENT;
        if (!life_is_at(demo, i, "member") || (newcomer && !life_is_full(demo, i))) return false;
        members++;
    }
    return life_known(turn, members == LIFE_FOUNDERS + 1,
                      "%u members, the newcomers FULL, in epoch %llu", (unsigned)members,
                      (llu)life_epoch(demo));
}

/* The days make a year, also without the last row, which the short form leaves out. */
const struct life_step life_steps[] = {
    { 0, "a network is born", "seven members close epochs", look_birth, false, 0, NULL },
    { 31, "an eighth member joins", "a newcomer joins by the operators' signatures", look_join,
      false, 0, NULL },
    { 28, "a new build is allowed", "a changed policy lets a new build serve", look_policy, false,
      0, NULL },
    { 31, "a wrong policy fells everybody", "a bad change reverts itself and strikes nobody",
      look_bad_policy, false, 0, NULL },
    { 30, "a vendor renews its collateral", "newer collateral serves", life_look_collateral, false,
      0, NULL },
    { 31, "peer-6 is serviced", "maintenance costs nothing", look_maintenance, false, 0, NULL },
    { 30, "peer-5 is drained", "a drained member endangers nothing", look_drain, false, 0, NULL },
    { 31, "peer-5 comes back", "an undrained member serves again", look_undrain, false, 0, NULL },
    { 31, "peer-9 takes the place of peer-4", "a member is replaced", look_replace, false, 0,
      NULL },
    { 30, "every machine is restarted in turn", "a rolling restart stops nobody", life_look_rolling,
      false, 0, NULL },
    { 31, "power fails everywhere", "all are killed at once and go on", life_look_power_cut, false,
      0, NULL },
    { 30, "a third is rebooted at once", "a third comes back and the network goes on",
      life_look_third, false, 0, NULL },
    { 31, "a third is lost with its disks",
      "operators recover, and the network continues in a new era", life_look_recover, false, 0,
      NULL },
    { 0, "the year ends", "newcomers are FULL, too", look_year_end, true, 0, NULL },
};
const size_t life_step_count = sizeof life_steps / sizeof life_steps[0];
