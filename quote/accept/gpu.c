/*
 * quote/accept/gpu.c - rules of a policy about NVIDIA's devices (gpu.h).
 */
#include "quote/accept/gpu.h"

#include "base/assert.h"
#include "quote/verdict.h"

enum {
    EVERY_ARCHITECTURE = (1 << ASSAY_GPU_ARCHITECTURES) - 1,
    EVERY_MODE = (1 << ASSAY_GPU_MODES) - 1,
};

struct assay_gpu_rules assay_gpu_rules_default(void)
{
    return (struct assay_gpu_rules){ .architectures = EVERY_ARCHITECTURE, .modes = EVERY_MODE };
}

bool assay_gpu_rules_are_default(const struct assay_gpu_rules *rules)
{
    static const struct assay_gpu_version none = { { 0 } };
    return rules->architectures == EVERY_ARCHITECTURE && rules->modes == EVERY_MODE &&
           !rules->allow_certificate_hold &&
           assay_gpu_version_compare(&rules->driver_min, &none) == 0 &&
           assay_gpu_rules_are_of_reports(rules);
}

void assay_gpu_rules_accept_devices(struct assay_gpu_rules *rules)
{
    rules->gpus = (struct assay_gpu_span){ 0, ASSAY_GPUS_MAX };
    rules->switches = (struct assay_gpu_span){ 0, ASSAY_SWITCHES_MAX };
    rules->packed = true;
}

bool assay_gpu_rules_are_of_reports(const struct assay_gpu_rules *rules)
{
    return rules->firmware_count == 0 && rules->gpus.least == 0 && rules->gpus.most == 0 &&
           rules->switches.least == 0 && rules->switches.most == 0 && !rules->packed;
}

static bool is_same_family(const struct assay_gpu_firmware *a, const struct assay_gpu_firmware *b)
{
    return a->parts[0] == b->parts[0] && a->parts[1] == b->parts[1];
}

static bool is_span(const struct assay_gpu_span *span, size_t most)
{
    return span->least <= span->most && span->most <= most;
}

/* One entry for a family, in ascending order: a policy has one encoding. */
static bool are_firmwares(const struct assay_gpu_rules *rules)
{
    if (rules->firmware_count > ASSAY_GPU_FIRMWARES_MAX) return false;
    for (uint32_t i = 1; i < rules->firmware_count; i++) {
        const struct assay_gpu_firmware *const two = &rules->firmware_min[i - 1];
        if (is_same_family(&two[0], &two[1]) || assay_gpu_firmware_compare(&two[0], &two[1]) > 0)
            return false;
    }
    return true;
}

enum assay_status assay_gpu_rules_check(const struct assay_gpu_rules *rules)
{
    ASSAY_ASSERT(rules != NULL);
    const bool ok = rules->architectures != 0 && rules->architectures <= EVERY_ARCHITECTURE &&
                    rules->modes != 0 && rules->modes <= EVERY_MODE &&
                    is_span(&rules->gpus, ASSAY_GPUS_MAX) &&
                    is_span(&rules->switches, ASSAY_SWITCHES_MAX) && are_firmwares(rules);
    const bool accepts = rules->gpus.most > 0 || rules->switches.most > 0;
    return ok && (accepts || !rules->packed) ? ASSAY_OK : ASSAY_E_RANGE;
}

const char *assay_gpu_architecture_name(enum assay_gpu_architecture architecture)
{
    switch (architecture) {
    case ASSAY_GPU_HOPPER: return "hopper";
    case ASSAY_GPU_BLACKWELL: return "blackwell";
    case ASSAY_GPU_LS10: return "ls10";
    }
    return "unknown";
}

const char *assay_gpu_mode_name(enum assay_gpu_mode mode)
{
    switch (mode) {
    case ASSAY_GPU_MODE_SINGLE: return "single";
    case ASSAY_GPU_MODE_MULTI: return "multi";
    case ASSAY_GPU_MODE_PROTECTED_PCIE: return "protected-pcie";
    case ASSAY_GPU_MODE_UNKNOWN: return "unknown";
    }
    return "unknown";
}

/* Numbers may have zeros in front, as drivers write them: 550.90.07. */
enum assay_status assay_gpu_version_parse(const char *text, size_t len,
                                          struct assay_gpu_version *out)
{
    enum { DIGITS_MAX = 9 };
    struct assay_gpu_version version = { { 0 } };
    size_t part = 0, digits = 0;
    ASSAY_ASSERT(text != NULL && out != NULL);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '.') {
            if (digits == 0) return ASSAY_E_SYNTAX;
            if (++part == ASSAY_GPU_VERSION_PARTS) return ASSAY_E_RANGE;
            digits = 0;
            continue;
        }
        if (text[i] < '0' || text[i] > '9') return ASSAY_E_SYNTAX;
        if (++digits > DIGITS_MAX) return ASSAY_E_RANGE;
        version.parts[part] = 10 * version.parts[part] + (uint32_t)(text[i] - '0');
    }
    if (digits == 0) return ASSAY_E_SYNTAX;
    *out = version;
    return ASSAY_OK;
}

int assay_gpu_version_compare(const struct assay_gpu_version *a, const struct assay_gpu_version *b)
{
    for (size_t i = 0; i < ASSAY_GPU_VERSION_PARTS; i++)
        if (a->parts[i] != b->parts[i]) return a->parts[i] < b->parts[i] ? -1 : 1;
    return 0;
}

static int value_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum assay_status assay_gpu_firmware_parse(const char *text, size_t len,
                                           struct assay_gpu_firmware *out)
{
    struct assay_gpu_firmware version = { { 0 } };
    size_t part = 0, digits = 0;
    ASSAY_ASSERT(text != NULL && out != NULL);
    for (size_t i = 0; i < len; i++) {
        const int value = value_of(text[i]);
        if (text[i] == '.') {
            if (digits == 0 || ++part == ASSAY_GPU_FIRMWARE_PARTS) return ASSAY_E_SYNTAX;
            digits = 0;
            continue;
        }
        if (value < 0 || ++digits > 2) return ASSAY_E_SYNTAX;
        version.parts[part] = (uint8_t)(16 * version.parts[part] + value);
    }
    if (digits == 0 || part + 1 != ASSAY_GPU_FIRMWARE_PARTS) return ASSAY_E_SYNTAX;
    *out = version;
    return ASSAY_OK;
}

int assay_gpu_firmware_compare(const struct assay_gpu_firmware *a,
                               const struct assay_gpu_firmware *b)
{
    for (size_t i = 0; i < ASSAY_GPU_FIRMWARE_PARTS; i++)
        if (a->parts[i] != b->parts[i]) return a->parts[i] < b->parts[i] ? -1 : 1;
    return 0;
}

const struct assay_gpu_firmware *assay_gpu_firmware_least(const struct assay_gpu_rules *rules,
                                                          const struct assay_gpu_firmware *version)
{
    ASSAY_ASSERT(rules->firmware_count <= ASSAY_GPU_FIRMWARES_MAX);
    for (uint32_t i = 0; i < rules->firmware_count; i++)
        if (is_same_family(&rules->firmware_min[i], version)) return &rules->firmware_min[i];
    return NULL;
}
