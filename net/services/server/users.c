/*
 * net/services/server/users.c - table of the users of one socket of services, and their turns.
 */
#include "net/services/server/users.h"

#include "base/assert.h"

static uint64_t last_served(const struct assay_user *user)
{
    uint64_t last = 0;
    for (size_t i = 0; i < ASSAY_USER_REQUESTS; i++)
        if (user->served[i] > last) last = user->served[i];
    return last;
}

struct assay_user *assay_users_add(struct assay_user users[static ASSAY_USERS_MAX], uint32_t uid,
                                   uint64_t number)
{
    struct assay_user *place = NULL;
    for (size_t i = 0; i < ASSAY_USERS_MAX; i++) {
        struct assay_user *u = &users[i];
        if (u->is_known && u->uid == uid) return u;
        if (u->is_known && (u->connections > 0 || u->waiting > 0)) continue;
        if (place == NULL || last_served(u) < last_served(place)) place = u; /* unknown: 0 */
    }
    ASSAY_ASSERT(place != NULL); /* ASSAY_USERS_MAX */
    ASSAY_ASSERT(place->connections == 0 && place->waiting == 0);
    *place = (struct assay_user){ .is_known = true, .uid = uid };
    for (size_t i = 0; i < ASSAY_USER_REQUESTS; i++)
        place->served[i] = number; /* behind earlier users */
    return place;
}

uint32_t assay_users_count_present(const struct assay_user users[static ASSAY_USERS_MAX])
{
    uint32_t present = 0;
    for (size_t i = 0; i < ASSAY_USERS_MAX; i++)
        present += users[i].connections > 0;
    return present;
}

uint32_t assay_users_count_excess(const struct assay_user users[static ASSAY_USERS_MAX],
                                  uint32_t part)
{
    uint32_t beyond = 0;
    for (size_t i = 0; i < ASSAY_USERS_MAX; i++)
        if (users[i].records > part) beyond += users[i].records - part;
    return beyond;
}
