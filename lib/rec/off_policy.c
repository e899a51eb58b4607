#include "lib/rec/off_policy.h"

#include <math.h>
#include <stdbool.h>

static bool is_probability(double p)
{
    return isfinite(p) && p >= 0 && p <= 1;
}

static int check(const struct rec_logged *act, struct err *err)
{
    if (!is_probability(act->propensity) || act->propensity == 0)
        return err_set(err, ERR_INVALID,
                       "a propensity of %g is no probability above 0: leave out acts whose "
                       "propensity is not known",
                       act->propensity);
    if (!is_probability(act->target))
        return err_set(err, ERR_INVALID, "the new policy's %g is no probability", act->target);
    if (!isfinite(act->reward) || !isfinite(act->estimate_logged) ||
        !isfinite(act->estimate_target))
        return err_set(err, ERR_INVALID,
                       "a reward of %g, with estimates %g and %g, is not finite", act->reward,
                       act->estimate_logged, act->estimate_target);
    return 0;
}

int rec_off_policy_add(struct rec_off_policy *sums, const struct rec_logged *act,
                       struct err *err)
{
    double w, d, r = act->reward;

    if (check(act, err) < 0)
        return err->code;
    w = act->target / act->propensity;
    if (sums->clip > 0 && w > sums->clip) {
        w = sums->clip;
        sums->clipped++;
    }
    d = act->estimate_target + w * (r - act->estimate_logged);
    sums->count++;
    sums->w += w;
    sums->ww += w * w;
    sums->wr += w * r;
    sums->wwr += w * w * r;
    sums->wwrr += w * w * r * r;
    sums->d += d;
    sums->dd += d * d;
    return 0;
}

/* Of values with this sum and sum of squares. */
static struct rec_estimate mean(double sum, double squares, double n)
{
    struct rec_estimate estimate = {.value = sum / n};
    double rest = squares - sum * sum / n;

    if (n > 1 && rest > 0)
        estimate.standard_error = sqrt(rest / (n - 1) / n);
    return estimate;
}

static struct rec_estimate self_normalized(const struct rec_off_policy *s)
{
    struct rec_estimate estimate = {.value = s->wr / s->w};
    double v = estimate.value, rest = s->wwrr - 2 * v * s->wwr + v * v * s->ww;

    if (s->count > 1 && rest > 0)
        estimate.standard_error = sqrt(rest) / s->w;
    return estimate;
}

int rec_off_policy_result(const struct rec_off_policy *sums,
                          struct rec_off_policy_result *ret_result, struct err *err)
{
    double n = (double)sums->count;

    if (sums->count == 0)
        return err_set(err, ERR_INVALID,
                       "the log has no act with a known propensity: nothing can be estimated");
    if (sums->w <= 0)
        return err_set(
            err, ERR_INVALID,
            "none of the log's %llu acts is one that the new policy would choose: log "
            "with more exploration",
            (unsigned long long)sums->count);
    *ret_result = (struct rec_off_policy_result){
        .ips = mean(sums->wr, sums->wwrr, n),
        .snips = self_normalized(sums),
        .dr = mean(sums->d, sums->dd, n),
        .effective_sample_size = sums->w * sums->w / sums->ww,
        .mean_weight = sums->w / n,
        .clipped_share = (double)sums->clipped / n,
        .count = sums->count,
    };
    return 0;
}
