/*
 * apps/sim/commands/swarm_state.c - state of a swarm as JSON.
 */
#include "apps/sim/commands/swarm_state.h"

#include "apps/sim/report/fields.h"
#include "base/crypto.h"
#include "base/file/file.h"
#include "net/json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "assay.sim.swarm-state"
enum { SCHEMA_VERSION = 3, STATE_LEN_MAX = 4 << 20, PROGRAM_LEN_MAX = 256 << 20 };

void sim_swarm_program(char name[static ASSAY_SIM_SWARM_PROGRAM_MAX])
{
    uint8_t *bytes = NULL, digest[ASSAY_SHA256_LEN];
    size_t len = 0;
    char hex[2 * ASSAY_SHA256_LEN + 1] = "unknown";
    if (assay_file_read("/proc/self/exe", PROGRAM_LEN_MAX, &bytes, &len) == ASSAY_OK) {
        assay_sha256(bytes, len, digest);
        assay_hex_encode(digest, sizeof digest, hex, sizeof hex);
        free(bytes);
    }
    (void)snprintf(name, ASSAY_SIM_SWARM_PROGRAM_MAX, "%s, build %.16s", ASSAY_VERSION, hex);
}

/* --- out */
static struct assay_json *failures_json(const struct assay_sim_swarm_state *state)
{
    struct assay_json *const list = assay_json_array();
    for (uint32_t i = 0; i < state->failure_count; i++) {
        const struct assay_sim_swarm_failure *const f = &state->failures[i];
        struct assay_json *const item = assay_json_object();
        assay_json_set_uint(item, "seed", f->seed);
        assay_json_set_uint(item, "epoch", f->epoch);
        assay_json_set_text(item, "what", f->what);
        assay_json_set_text(item, "message", f->message);
        assay_json_append(list, item);
    }
    return list;
}

struct assay_json *sim_swarm_drawn_json(const struct assay_sim_swarm_state *state)
{
    struct assay_json *const object = assay_json_object();
    for (uint32_t i = 0; i < ASSAY_SIM_DRAWN_COUNT; i++)
        assay_json_set_uint(object, assay_sim_drawn_name((enum assay_sim_drawn)i), state->drawn[i]);
    return object;
}

struct assay_json *sim_swarm_effects_json(const struct assay_sim_swarm_state *state)
{
    struct assay_json *const object = assay_json_object();
    for (uint32_t i = 0; i < ASSAY_SIM_EFFECT_COUNT; i++)
        assay_json_set_uint(object, assay_sim_effect_name((enum assay_sim_effect)i),
                            state->effects[i]);
    return object;
}

enum assay_status sim_swarm_state_save(const char *path, const struct assay_sim_swarm_state *state)
{
    struct assay_json *object = assay_json_object();
    assay_json_set_text(object, "schema", SCHEMA);
    assay_json_set_uint(object, "schema_version", SCHEMA_VERSION);
    assay_json_set_text(object, "program", state->program);
    assay_json_set_text(object, "arguments", state->arguments);
    assay_json_set_uint(object, "from", state->from);
    assay_json_set_uint(object, "done", state->done);
    assay_json_set_hex(object, "digest", state->digest, sizeof state->digest);
    assay_json_set_uint(object, "beyond", state->beyond);
    assay_json_set_uint(object, "events", state->events);
    assay_json_set_uint(object, "messages", state->messages);
    assay_json_set_uint(object, "epochs", state->epochs);
    assay_json_set_uint(object, "simulated_ms", state->simulated_ms);
    assay_json_set_uint(object, "wall_ms", state->wall_ms);
    assay_json_set_uint(object, "cpu_us", state->cpu_us);
    assay_json_set_uint(object, "failed", state->failed);
    assay_json_set(object, "drawn", sim_swarm_drawn_json(state));
    assay_json_set(object, "effects", sim_swarm_effects_json(state));
    assay_json_set(object, "situations", sim_coverage_situations_json(&state->coverage));
    assay_json_set(object, "pairs", sim_coverage_pairs_json(&state->coverage));
    assay_json_set(object, "failures", failures_json(state));
    char *const text = assay_json_print(object, 1);
    assay_json_free(&object);
    if (text == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status =
        assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(text, strlen(text)));
    free(text);
    return status;
}

/* --- in */
static bool get_failures(const struct assay_json *object, struct assay_sim_swarm_state *state)
{
    const struct assay_json *const list = assay_json_get(object, "failures");
    const size_t count = assay_json_count(list);
    if (assay_json_kind_of(list) != ASSAY_JSON_ARRAY || count > ASSAY_SIM_SWARM_FAILURES_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct assay_json *const item = assay_json_at(list, i);
        struct assay_sim_swarm_failure *const f = &state->failures[i];
        if (!sim_field_number(item, "seed", UINT64_MAX, &f->seed) ||
            !sim_field_number(item, "epoch", UINT64_MAX, &f->epoch) ||
            !sim_field_text(item, "what", f->what, sizeof f->what) ||
            !sim_field_text(item, "message", f->message, sizeof f->message))
            return false;
    }
    state->failure_count = (uint32_t)count;
    return state->failed >= count && state->failed <= state->done && state->beyond <= state->done;
}

static bool get_drawn(const struct assay_json *object, struct assay_sim_swarm_state *state)
{
    const struct assay_json *const drawn = assay_json_get(object, "drawn");
    for (uint32_t i = 0; i < ASSAY_SIM_DRAWN_COUNT; i++)
        if (!sim_field_number(drawn, assay_sim_drawn_name((enum assay_sim_drawn)i), state->done,
                              &state->drawn[i]))
            return false;
    const struct assay_json *const effects = assay_json_get(object, "effects");
    for (uint32_t i = 0; i < ASSAY_SIM_EFFECT_COUNT; i++)
        if (!sim_field_number(effects, assay_sim_effect_name((enum assay_sim_effect)i), state->done,
                              &state->effects[i]))
            return false;
    return true;
}

static bool get_state(const struct assay_json *object, struct assay_sim_swarm_state *state)
{
    const char *const digest = assay_json_text(object, "digest", "");
    if (assay_hex_decode(digest, strlen(digest), state->digest, sizeof state->digest) != ASSAY_OK)
        return false;
    return sim_field_text(object, "program", state->program, sizeof state->program) &&
           sim_field_text(object, "arguments", state->arguments, sizeof state->arguments) &&
           sim_field_number(object, "from", UINT64_MAX, &state->from) &&
           sim_field_number(object, "done", UINT64_MAX, &state->done) &&
           sim_field_number(object, "beyond", UINT64_MAX, &state->beyond) &&
           sim_field_number(object, "events", UINT64_MAX, &state->events) &&
           sim_field_number(object, "messages", UINT64_MAX, &state->messages) &&
           sim_field_number(object, "epochs", UINT64_MAX, &state->epochs) &&
           sim_field_number(object, "simulated_ms", UINT64_MAX, &state->simulated_ms) &&
           sim_field_number(object, "wall_ms", UINT64_MAX, &state->wall_ms) &&
           sim_field_number(object, "cpu_us", UINT64_MAX, &state->cpu_us) &&
           sim_field_number(object, "failed", UINT64_MAX, &state->failed) &&
           get_drawn(object, state) &&
           sim_coverage_get(assay_json_get(object, "situations"), assay_json_get(object, "pairs"),
                            state->done, &state->coverage) &&
           get_failures(object, state);
}

/* Only results of one program and one kind of scenario are added up. */
static enum assay_status check_compatible(const char *path, const struct assay_sim_swarm_state *now,
                                          const struct assay_sim_swarm_state *then, char *message)
{
    if (strcmp(now->program, then->program) != 0) {
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                       "%.200s: written by another program (%s; this is %s): seeds of two builds "
                       "are not added up; go on with that build, or name a new file",
                       path, then->program, now->program);
        return ASSAY_E_VERSION;
    }
    if (now->from != then->from) {
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                       "%.200s: its seeds begin at %llu, not at %llu; say --from %llu, or name a "
                       "new file",
                       path, (unsigned long long)then->from, (unsigned long long)now->from,
                       (unsigned long long)then->from);
        return ASSAY_E_INVALID;
    }
    if (strcmp(now->arguments, then->arguments) == 0) return ASSAY_OK;
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                   "%.150s: made with the arguments \"%.100s\", not with \"%.100s\"; repeat those, "
                   "or name a new file",
                   path, then->arguments, now->arguments);
    return ASSAY_E_INVALID;
}

/* Returns: whether it is a state in this version of the format. */
static bool check_format(const char *path, const struct assay_json *object, char *message)
{
    const char *const schema = assay_json_text(object, "schema", "");
    const uint64_t version = assay_json_uint(object, "schema_version", 0);
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                   "%.300s: expected the state of a swarm, found something else", path);
    if (strcmp(schema, SCHEMA) != 0) return false;
    if (version == SCHEMA_VERSION) return true;
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                   "%.200s: expected a state of format version %d, found version %llu, which does "
                   "not count the same situations; continue it with the build that wrote it, or "
                   "name a new file",
                   path, (int)SCHEMA_VERSION, (unsigned long long)version);
    return false;
}

/* In: reads: for reports, of any program and arguments */
static enum assay_status take_state(const char *path, const struct assay_json *object, bool reads,
                                    struct assay_sim_swarm_state *state, char *message)
{
    if (!check_format(path, object, message)) return ASSAY_E_SYNTAX;
    struct assay_sim_swarm_state *const found = calloc(1, sizeof *found);
    if (found == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = ASSAY_E_SYNTAX;
    if (get_state(object, found))
        status = reads ? ASSAY_OK : check_compatible(path, state, found, message);
    if (status == ASSAY_OK) *state = *found;
    free(found);
    return status;
}

static enum assay_status load_state(const char *path, bool reads,
                                    struct assay_sim_swarm_state *state, char *message)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct assay_json *object = NULL;
    enum assay_status status = assay_file_read(path, STATE_LEN_MAX, &bytes, &len);
    message[0] = '\0';
    if (status == ASSAY_E_NOT_FOUND) return status;
    if (status == ASSAY_OK) status = assay_json_parse((const char *)bytes, len, &object);
    if (status == ASSAY_OK) status = take_state(path, object, reads, state, message);
    else
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%.300s: cannot be read as a state: %s",
                       path, assay_status_text(status));
    assay_json_free(&object);
    free(bytes);
    return status;
}

enum assay_status sim_swarm_state_load(const char *path, struct assay_sim_swarm_state *state,
                                       char message[static ASSAY_SIM_MESSAGE_MAX])
{
    return load_state(path, false, state, message);
}

enum assay_status sim_swarm_state_read(const char *path, struct assay_sim_swarm_state *state,
                                       char message[static ASSAY_SIM_MESSAGE_MAX])
{
    return load_state(path, true, state, message);
}
