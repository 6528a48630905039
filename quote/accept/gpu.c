/*
 * quote/accept/gpu.c - rules of a policy about NVIDIA's devices (gpu.h).
 */
#include "quote/accept/gpu.h"

#include "base/assert.h"

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
           assay_gpu_version_compare(&rules->driver_min, &none) == 0;
}

enum assay_status assay_gpu_rules_check(const struct assay_gpu_rules *rules)
{
    ASSAY_ASSERT(rules != NULL);
    const bool ok = rules->architectures != 0 && rules->architectures <= EVERY_ARCHITECTURE &&
                    rules->modes != 0 && rules->modes <= EVERY_MODE;
    return ok ? ASSAY_OK : ASSAY_E_RANGE;
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
