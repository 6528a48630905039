/*
 * apps/demo/hand/observer.c - monitor of services in the ledger, printed on change: groups,
 * clusters, secrets, offers, balances, and the last finalized claim.
 *
 *   group G PHASE view V seats M M M ..
 *   cluster C seats M M M .. ready N
 *   id HEX generation G kept N N          slots of each cluster that keep it
 *   offers EPOCH M:PRICE:SCORE:STANDING ..
 *   account HEX AMOUNT
 *   claim FILE                            its payload is in that file
 *
 * M are members by their slots of the network.
 */
#include "apps/demo/hand/hand.h"

#include "base/file/file.h"
#include "base/system_clock.h"
#include "net/services/follower.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { GROUPS = 2, FOLLOWERS = GROUPS + 2, ACCOUNTS = 8, IDS = 4, LINE = 512, LOOK_MS = 200 };

/* Each is printed on change. */
enum {
    TOPIC_GROUPS = 0,
    TOPIC_CLUSTERS = TOPIC_GROUPS + GROUPS,
    TOPIC_IDS = TOPIC_CLUSTERS + ASSAY_SHARE_CLUSTERS_MAX,
    TOPIC_OFFERS = TOPIC_IDS + IDS,
    TOPIC_ACCOUNTS,
    TOPICS = TOPIC_ACCOUNTS + ACCOUNTS,
};

static struct {
    struct assay_follower *at[FOLLOWERS]; /* groups, shares, tasks */
    char said[TOPICS][LINE];
    const char *dir;
    uint32_t claims;
    uint32_t account_count;
    uint8_t account[ACCOUNTS][32];
} observer;

/* Said when it is something else than before. */
static void print_change(uint32_t topic, const char *line)
{
    if (strcmp(observer.said[topic], line) == 0) return;
    (void)snprintf(observer.said[topic], LINE, "%s", line);
    hand_say("%s", line);
}

__attribute__((format(printf, 3, 4))) static void add(char *line, size_t *len, const char *format,
                                                      ...)
{
    va_list args;
    if (*len >= LINE) return;
    va_start(args, format);
    const int more = vsnprintf(line + *len, LINE - *len, format, args);
    va_end(args);
    if (more > 0) *len += (size_t)more;
}

static void look_at_group(uint32_t number)
{
    static const char *const phases[] = { "forming", "serving", "changing", "gone" };
    const struct assay_cont_group *g = assay_follower_group(observer.at[number]);
    char line[LINE];
    size_t len = 0;
    if (g == NULL) return;
    add(line, &len, "group %u %s view %llu seats", number, phases[g->phase],
        (unsigned long long)g->now.roster.view);
    for (uint32_t i = 0; i < g->now.roster.count && i < ASSAY_CONT_SEATS_MAX; i++)
        add(line, &len, " %u", g->now.slot[i]);
    print_change(TOPIC_GROUPS + number, line);
}

static void look_at_shares(void)
{
    const struct assay_share_registry *r = assay_follower_shares(observer.at[GROUPS]);
    char line[LINE], id[65];
    size_t len = 0;
    for (uint32_t c = 0; r != NULL && c < r->config.clusters; c++) {
        len = 0;
        add(line, &len, "cluster %u seats", c);
        for (uint32_t s = 0; r->cluster[c].seated && s < r->config.slots; s++)
            add(line, &len, " %u", r->cluster[c].seat[s].member);
        add(line, &len, " ready %d", __builtin_popcount(r->cluster[c].ready));
        print_change(TOPIC_CLUSTERS + c, line);
    }
    for (uint32_t i = 0; r != NULL && i < r->row_count && i < IDS; i++) {
        len = 0;
        assay_hex_encode(r->row[i].id, 32, id, sizeof id);
        if (!r->row[i].synced) continue;
        add(line, &len, "id %s generation %u kept", id, r->row[i].generation);
        for (uint32_t c = 0; c < r->config.clusters; c++)
            add(line, &len, " %d", __builtin_popcount(r->row[i].have[c]));
        print_change(TOPIC_IDS + i, line);
    }
}

static void look_at_accounts(const struct assay_task_ledger *ledger)
{
    char line[LINE], name[65];
    uint64_t amount = 0, sequence = 0;
    for (uint32_t i = 0; i < observer.account_count; i++) {
        size_t len = 0;
        if (!assay_task_ledger_get_balance(ledger, observer.account[i], &amount, &sequence))
            continue;
        assay_hex_encode(observer.account[i], 32, name, sizeof name);
        add(line, &len, "account %s %llu", name, (unsigned long long)amount);
        print_change(TOPIC_ACCOUNTS + i, line);
    }
}

static void look_at_tasks(void)
{
    const struct assay_task_ledger *ledger = assay_follower_tasks(observer.at[GROUPS + 1]);
    const struct assay_follower_state *home = assay_follower_state(observer.at[GROUPS + 1]);
    char line[LINE];
    size_t len = 0;
    if (ledger == NULL || home == NULL) return;
    add(line, &len, "offers %llu", (unsigned long long)home->epoch);
    for (uint32_t i = 0; i < home->members; i++) {
        const struct assay_task_offer *offer = assay_task_ledger_find_offer(ledger, i);
        if (offer != NULL && offer->count > 0)
            add(line, &len, " %u:%llu:%u:%u", i, (unsigned long long)offer->price,
                home->member[i].score_bp, (unsigned)home->member[i].standing);
    }
    print_change(TOPIC_OFFERS, line);
    look_at_accounts(ledger);
}

/* Claims, as they stand in blocks. */
static void take_record(void *context, uint32_t slot, enum assay_service_kind kind,
                        struct assay_slice payload)
{
    char name[32];
    (void)context;
    (void)slot;
    if (kind != ASSAY_SERVICE_TASK_CLAIM) return;
    (void)snprintf(name, sizeof name, "claim-%u", ++observer.claims);
    if (assay_file_replace(hand_in(observer.dir, name), ASSAY_FILE_PUBLIC, payload) == ASSAY_OK)
        hand_say("claim %s", hand_in(observer.dir, name));
}

static bool open_followers(const char *path)
{
    struct assay_follower_config config = { .path = path };
    bool good = true;
    for (uint32_t i = 0; good && i < FOLLOWERS; i++) {
        config.role = i < GROUPS    ? ASSAY_SERVICE_ROLE_REPLICA
                      : i == GROUPS ? ASSAY_SERVICE_ROLE_OWNER
                                    : ASSAY_SERVICE_ROLE_REQUESTOR;
        config.group = i < GROUPS ? i : 0;
        config.callbacks.record = i == GROUPS + 1 ? take_record : NULL;
        good = assay_follower_create(&config, &observer.at[i]) == ASSAY_OK;
    }
    return good;
}

int hand_observer(int argc, char **argv)
{
    struct pollfd fds[FOLLOWERS];
    observer.dir = argv[1];
    for (int i = 2; i < argc; i++)
        if (assay_hex_decode(argv[i], strlen(argv[i]), observer.account[observer.account_count++],
                             32) != ASSAY_OK)
            return hand_fail("%s is no account", argv[i]);
    if (!open_followers(argv[0])) return hand_fail("no memory, or %s is no path", argv[0]);
    while (!service_asked_to_end) {
        for (uint32_t i = 0; i < FOLLOWERS; i++)
            fds[i] = assay_follower_poll(observer.at[i]);
        (void)poll(fds, FOLLOWERS, LOOK_MS);
        for (uint32_t i = 0; i < FOLLOWERS; i++)
            assay_status_ignore(assay_follower_step(observer.at[i], assay_monotonic_ms()),
                                "it is dialled again");
        for (uint32_t i = 0; i < GROUPS; i++)
            look_at_group(i);
        look_at_shares();
        look_at_tasks();
    }
    for (uint32_t i = 0; i < FOLLOWERS; i++)
        assay_follower_destroy(&observer.at[i]);
    return HAND_OK;
}
