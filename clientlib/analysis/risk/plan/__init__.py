"""Plans of adjustment: for each client the smallest turnover that brings every broken limit back.

The programme
-------------
A position has a size x ≥ 0, its market value whether long or short. A long position may be sold and a short
one bought back (covered), down to nothing and never beyond; what may be bought is bought. So x is its
size today, less what goes, plus what comes. With G = Σx every limit is linear once it is multiplied by G:

- share above the level ≤ L: Σ x above ≤ L·G; for the lowest class, and wherever L is 0, all of it is sold;
- largest weight ≤ L: each x ≤ L·G;
- value at risk ≤ L: with n returns and k = (1 − level)·n, at most ⌊k⌋ days may lose more than L. A day's
  loss is −Σ ±r·x, over what has a return that day, C = Σ x: so −Σ ±r·x − L·C ≤ M·y with a binary y for the
  day, Σy ≤ k. Days are added only once a solution loses more on them: a solution of the smaller programme
  that holds on every day is the solution of the whole;
- maintenance ratio ≥ T: cash + long ≥ T·(debt − repaid − covered). Repaying is no turnover.

Cash pays for buys, covers, repayments and fees and never falls below nothing. Where a market trades in lots a
buy is a whole number of them, a sale also the odd remainder, whole and in one go (so is a cover). Everything
else goes in small steps, continuous in the programme and rounded after it. The sum of all amounts is
made as small as can be; of equal plans the one with fewer buys, in what is held already, wins, then the one
that sells the largest first.

What is decided here
--------------------
- A limit that is broken, or whose alert still stands, is brought to `release` of what raises the alert,
  as only there it ends: value at risk and share above then call for nobody, though they may be near enough
  to their limit to be watched. A limit that holds is kept at the limit.
- Selling everything is no plan: without holdings no weight is too large. So of what is within the level
  `plan.least_kept` stays, unless the margin takes more.
- Days that count for the value at risk today count after the plan too: nobody is brought back by
  selling what has a history.
- Bought is only what is within a level that was assessed and still counts, with a price and a return on every
  day of the window, and from a small choice: what the client holds, the calmest by their own value
  at risk, and those that move least with the client's holdings. A client without such a level buys nothing.
- No order is for less than `plan.least_order`, save for what buys back or sells a position smaller than that.
- Positions without a price are left as they are, and said.
- Where no plan reaches every limit, limits are let go of, none that is more pressing than need be, and
  brought as near as four halvings tell. What is let go of may grow worse, unless it is the most pressing of
  all that are broken: what is above the level is sold even where little else is left. What blocks is named.
"""

from clientlib.analysis.risk.plan.plans import AdjustmentPlans, adjustment_plan, plan_adjustments

__all__ = ["AdjustmentPlans", "adjustment_plan", "plan_adjustments"]
