/*
 * apps/demo/hand/task.c - requestor of an attested task, and an attacker that tampers with a claim:
 * DIR/key is the account's key, DIR/vault.key that of the vault, DIR/input the input.
 */
#include "apps/demo/hand/hand.h"

#include "base/file/file.h"
#include "base/system_clock.h"
#include "net/services/follower.h"
#include "net/services/tasks/task_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TURN_MS = 200, INPUT_MAX = 1 << 14, AHEAD_EPOCHS = 5000 };

/* --- a task */

static void keep_result(void *context, uint32_t step, struct assay_slice state,
                        struct assay_slice output)
{
    const char *dir = context;
    (void)state;
    const enum assay_status status =
        assay_file_replace(hand_in(dir, "output"), ASSAY_FILE_SECRET, output);
    hand_say("result %u %zu bytes%s", step, output.len, status == ASSAY_OK ? "" : ", LOST");
}

static int run_client(struct assay_task_client *client, const struct assay_task_request *request)
{
    struct assay_requestor_status s = assay_requestor_status(client);
    enum assay_status status = ASSAY_E_AGAIN;
    bool said = false;
    for (const uint64_t until = assay_monotonic_ms() + HAND_PATIENCE_MS;
         !assay_requestor_is_over(s.state) && assay_monotonic_ms() < until &&
         !service_asked_to_end;) {
        if (assay_requestor_step(client, TURN_MS) != ASSAY_OK)
            return hand_fail("the disk does not take it");
        if (status == ASSAY_E_AGAIN) status = assay_requestor_submit(client, request);
        if (status != ASSAY_OK && status != ASSAY_E_AGAIN)
            return hand_fail("nobody offers that: %s", assay_status_text(status));
        s = assay_requestor_status(client);
        if (!said && s.state != ASSAY_TASK_CLIENT_IDLE) hand_say("chosen %u", s.executor);
        said = s.state != ASSAY_TASK_CLIENT_IDLE;
    }
    if (s.state != ASSAY_TASK_CLIENT_DONE)
        return hand_fail("task: state %d, %u results: %s", (int)s.state, s.results,
                         s.why[0] != '\0' ? s.why : "it takes too long");
    hand_say("done %u results by %u", s.results, s.executor);
    return HAND_OK;
}

int hand_task(int argc, char **argv)
{
    const char *dir = argv[1];
    struct assay_secret32 key, vault_key;
    struct assay_task_client *client = NULL;
    struct assay_task_request request = { .price_max = strtoull(argv[3], NULL, 10),
                                          .steps = (uint32_t)strtoul(argv[4], NULL, 10),
                                          .ahead = AHEAD_EPOCHS,
                                          .min_standing = ASSAY_TASK_STAND_RESTRICTED };
    char message[ASSAY_TASK_CLIENT_MESSAGE_LEN], store[PATH_MAX];
    uint8_t *input = NULL;
    size_t len = 0;
    (void)argc;
    if (assay_hex_decode(argv[2], strlen(argv[2]), request.code, 32) != ASSAY_OK ||
        !hand_key(dir, "key", &key) || !hand_key(dir, "vault.key", &vault_key) ||
        assay_file_read(hand_in(dir, "input"), INPUT_MAX, &input, &len) != ASSAY_OK)
        return hand_fail("no keys or input in %s", dir);
    request.input = assay_slice_over(input, len);
    (void)snprintf(store, sizeof store, "%s", hand_in(dir, "vault"));
    const struct assay_task_client_config config = {
        .ledger = argv[0], .store = store, .store_key = &vault_key, .key = &key
    };
    int ended = HAND_WORLD;
    if (assay_requestor_open(&config, keep_result, argv[1], &client, message) != ASSAY_OK)
        ended = hand_fail("%s", message);
    else ended = run_client(client, &request);
    assay_requestor_close(&client);
    assay_secret_wipe(&key, sizeof key);
    assay_secret_wipe(&vault_key, sizeof vault_key);
    free(input);
    return ended;
}

/* --- a changed claim */

static bool was_refused;

static void take_refusal(void *context, enum assay_service_kind kind, struct assay_slice why)
{
    (void)context;
    was_refused = true;
    hand_say("refused %s: %.*s", assay_registry_kind_name((unsigned)kind), (int)why.len,
             (const char *)why.bytes);
}

/* Final after all: what must not be. */
static bool was_taken;

static void take_record(void *context, uint32_t slot, enum assay_service_kind kind,
                        struct assay_slice payload)
{
    const struct assay_slice *mine = context;
    (void)slot;
    was_taken =
        was_taken || (kind == ASSAY_SERVICE_TASK_CLAIM && assay_slice_equal(payload, *mine));
}

/* As if the step had come to another state. */
static bool tamper_state(const char *path, uint8_t *bytes, size_t capacity, struct assay_slice *out)
{
    struct assay_task_claim claim;
    uint8_t *read = NULL;
    size_t len = 0;
    bool good = assay_file_read(path, ASSAY_TASK_RECORD_MAX, &read, &len) == ASSAY_OK &&
                assay_task_claim_decode(assay_slice_over(read, len), &claim) == ASSAY_OK;
    if (good) {
        claim.receipt.state[0] ^= 1;
        good = assay_task_claim_encode(&claim, bytes, capacity, out) == ASSAY_OK;
    }
    free(read);
    return good;
}

int hand_forge(int argc, char **argv)
{
    static uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice payload;
    struct assay_follower *f = NULL;
    bool said = false;
    (void)argc;
    if (!tamper_state(argv[1], bytes, sizeof bytes, &payload))
        return hand_fail("%s: no claim", argv[1]);
    const struct assay_follower_config config = { .path = argv[0],
                                                  .role = ASSAY_SERVICE_ROLE_EXECUTOR,
                                                  .callbacks = { .refused = take_refusal,
                                                                 .record = take_record },
                                                  .context = &payload };
    if (assay_follower_create(&config, &f) != ASSAY_OK) return hand_fail("no memory");
    for (const uint64_t until = assay_monotonic_ms() + HAND_PATIENCE_MS;
         !was_refused && !was_taken && assay_monotonic_ms() < until && !service_asked_to_end;) {
        struct pollfd fd = assay_follower_poll(f);
        (void)poll(&fd, 1, TURN_MS);
        assay_status_ignore(assay_follower_step(f, assay_monotonic_ms()), "it is dialled again");
        if (said || assay_follower_tasks(f) == NULL) continue;
        said = assay_follower_submit(f, ASSAY_SERVICE_TASK_CLAIM, payload) == ASSAY_OK;
    }
    assay_follower_destroy(&f);
    if (was_taken) return hand_fail("the changed claim stands in a block");
    return was_refused ? HAND_REFUSED : hand_fail("no answer");
}
