/*
 * The rules by which at most one bridge decides, as a model for SPIN.
 *
 * One partition with two records, of two intents or of one; two bridges that claim, fence, open, read
 * the window, ask, place, write and read back; a marketplace whose answers may be lost; readers that
 * judge outcomes by token. Nothing coordinates the bridges: each may crash at any step and begin
 * again, and each may be the other's zombie. Time is one bit an intent: its deadline has passed or
 * not. In the marketplace and in readers one step is one transaction or one record.
 *
 * Checked at every step: no intent is ordered twice (P4) or past its deadline (P5), all valid finals
 * of an intent agree (P1), no order stands beside a valid final that denies it (P2), and the
 * committed offset never passes an intent without a valid final (P1).
 *
 * -DNO_... drops a rule; tests/model/run shows that the model then fails. Not modelled: forgetting
 * (the window's and the marketplace's bounds, and with them the need to void what was appended late),
 * lanes of several intents, changes of policy.
 */

#ifndef CLAIMS
#define CLAIMS 3        /* claims that all bridges may make */
#endif
#ifndef INTENTS
#define INTENTS 2       /* with 1 the second record is a copy of the first */
#endif
#define RECORDS 2       /* records of the intents log */
#define BRIDGES 2
#define OUTCOMES (CLAIMS * (2 + RECORDS))

mtype = { none, ordered, rejected, expired };
mtype:kind = { claim, open, final };

typedef Outcome { mtype:kind kind; byte token; byte id; mtype state };

/* The log. A record is void if it was appended after its intent's deadline. */
byte appended = 0;
byte record_id[RECORDS];
bool record_void[RECORDS];
byte committed = 0;
Outcome outcomes[OUTCOMES];
byte outcomes_end = 0;

/* Time, and what a reader of the outcomes knows. */
bool passed[INTENTS];
byte highest_open = 0;
mtype told[INTENTS];            /* the first valid final */

/* The marketplace. */
byte fence = 0;
mtype result[INTENTS];
byte orders[INTENTS];

byte claims = 0;

/* Calls on their way to the marketplace; each names its bridge's life, so that an answer to a dead
   one is lost. */
chan calls = [2] of { byte, byte, byte };         /* bridge, token, id */
chan answers[BRIDGES] = [2] of { byte, mtype };   /* token, state; none: stale */

/* Appends one outcome record and judges it as every reader does. */
inline append(k, t, i, s) {
  outcomes[outcomes_end].kind = k;
  outcomes[outcomes_end].token = t;
  outcomes[outcomes_end].id = i;
  outcomes[outcomes_end].state = s;
  outcomes_end++;
  if
  :: k == open && t >= highest_open -> highest_open = t
#ifndef NO_VOID_BY_TOKEN
  :: k == final && t >= highest_open ->
#else
  :: k == final ->
#endif
     assert(told[i] == none || told[i] == s);              /* P1 */
     assert(s == ordered || orders[i] == 0);               /* P2 */
     assert(s != ordered || orders[i] == 1);               /* P1 */
     told[i] = s
  :: else
  fi
}

/* Gateways append intents and copies, before their deadline or after it. */
active proctype Gateways() {
  do
  :: appended < RECORDS ->
     atomic {
       record_id[appended] = appended % INTENTS;
       record_void[appended] = passed[record_id[appended]];
       appended++
     }
  :: appended == RECORDS -> break
  od
}

active proctype Time() {
  byte i;
  for (i : 0 .. INTENTS - 1) { passed[i] = true }
}

active proctype Marketplace() {
  byte bridge, token, id;
end:
  do
  :: atomic { calls ? bridge, token, id ->
       if
#ifndef NO_TOKEN
       :: token < fence -> goto stale
#endif
       :: else
       fi;
#ifndef NO_TOKEN
       fence = (token > fence -> token : fence);
#endif
       if
       :: result[id] != none
       :: result[id] == none && passed[id] -> result[id] = expired
       :: result[id] == none && !passed[id] -> result[id] = rejected
       :: result[id] == none && !passed[id] ->
          orders[id]++;
          assert(orders[id] == 1);                              /* P4 */
          assert(!passed[id]);                                  /* P5 */
          assert(told[id] == none || told[id] == ordered);      /* P2 */
          result[id] = ordered
       fi;
       if
       :: nfull(answers[bridge]) -> answers[bridge] ! token, result[id]
       :: true                                                  /* the answer is lost */
       fi;
       goto end;
stale: if
       :: nfull(answers[bridge]) -> answers[bridge] ! token, none
       :: true
       fi
     }
  od
}

/* A crash: whatever it knew is gone; answers under way find nobody. */
#define CRASH atomic { true -> goto begin }

proctype Bridge(byte me) {
  byte token, horizon, at, i, k, mine, answered;
  mtype state;
  mtype known[INTENTS];
  bool owner;

begin:
  atomic {
    if
    :: claims == CLAIMS -> goto done
    :: else
    fi;
    claims++;
    do
    :: nempty(answers[me]) -> answers[me] ? answered, state
    :: empty(answers[me]) -> break
    od;
    /* Tokens begin at 1, so that 0 means none. */
    token = outcomes_end + 1;
    append(claim, token, 0, none);
    horizon = appended;
  }
  if
  :: CRASH
  :: atomic { fence <= token -> fence = token }
  :: atomic { fence > token -> goto begin }
  fi;
  atomic { append(open, token, 0, none) }
#ifndef NO_HORIZON_AFTER_FENCE
  horizon = appended;
#endif
  /* The window: all valid finals before our own open, as the log tells them. */
  atomic {
    for (k : 0 .. INTENTS - 1) {
#ifndef NO_WINDOW
      known[k] = told[k]
#else
      known[k] = none
#endif
    }
    at = committed;
  }

  do
  :: at < appended && record_void[at] -> at++; goto commit
  :: at < appended && !record_void[at] ->
     i = record_id[at];
     if
     :: CRASH
     :: known[i] != none -> state = known[i]
     :: known[i] == none && !passed[i] ->
        /* Place it, and wait for the answer as long as the stream holds. */
        calls ! me, token, i;
        if
        :: CRASH                                    /* the stream broke: a new claim */
        :: atomic { answers[me] ? answered, state ->
             if
             :: answered != token || state == none -> goto begin
             :: else
             fi }
        fi
     :: known[i] == none && passed[i] ->
        /* Expired: decided alone, but not before the marketplace was asked under our token. */
        atomic {
          state = expired;
#ifndef NO_ASK
          if
          :: at < horizon ->
             if
             :: fence > token -> goto begin
             :: else -> fence = token
             fi;
             if
             :: result[i] != none -> state = result[i]
             :: else
             fi
          :: else
          fi
#endif
        }
     fi;
     atomic { known[i] = state; mine = outcomes_end; append(final, token, i, state) }
     if
     :: CRASH
     :: true
     fi;
     /* Read back: it counts only if no higher open stands before it. */
#ifndef NO_READ_BACK
     atomic {
       owner = true;
       for (k : 0 .. mine) {
         if
         :: k < OUTCOMES && outcomes[k].kind == open && outcomes[k].token > token -> owner = false
         :: else
         fi
       }
     }
     if
     :: !owner -> goto begin
     :: else
     fi;
#endif
     at++;
commit:
     atomic {
       if
       :: at > committed ->
          /* P1: nothing is passed over that has no valid final. */
          for (k : committed .. at - 1) {
            assert(record_void[k] || told[record_id[k]] != none)
          }
          committed = at
       :: else
       fi
     }
  :: at == RECORDS -> break
  od;
done:
  skip
}

init {
  byte b;
  atomic {
    for (b : 0 .. INTENTS - 1) { told[b] = none; result[b] = none }
    for (b : 0 .. BRIDGES - 1) { run Bridge(b) }
  }
}
