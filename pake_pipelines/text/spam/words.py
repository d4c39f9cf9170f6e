"""Words that the signals count. English ones: other languages are judged by everything else."""
# ruff: noqa: SIM905  hundreds of words in quotation marks of their own read worse

from typing import Final

# Whom a text speaks to, and who speaks for a firm.
ADDRESS: Final = frozenset(("our ours u ur us we'll we've you you'd you'll you're you've your yours yourself").split())

# Common words of offers. Any text has some of them; offers are made of them.
SELLING: Final = frozenset(
    (
        "access account accounts adviser advisor all always anonymous anything app apply approved bank beautiful "
        "beauty best big body book boost brand brands bundle business businesses buy call card cards certificate "
        "channel chat check choose chosen click client clients closes closing coach coaching code companies company "
        "confidential contact cost costs course credit customer customers cut day days dear debt debts delivered "
        "delivery deserve discreet dm dollars download dream dreams easily easy email ends enroll eur euros every "
        "everything exclusive expert experts factory fast fee fees finally first forever form freedom friend get "
        "getting gift gifts glad gone got group grow growth guaranteed happy health healthy hello hi home hours "
        "imagine improve increase install instantly insured join just kit last left legal licensed life link love "
        "madam manufacturer marketing member members membership message minutes mobile money month months more most "
        "need needs never new now online only order ordering orders pack package packages page paid pay payment "
        "payments phone place places plan plans please pleased pounds price prices pricing private prize product "
        "products professional professionals program programme quality quick quickly ready real really reduce regards "
        "register reply reserve results revenue rich safe sales seat seats seconds secure secured see selected send "
        "service services sign simple simply sir site skin soon specialist specialists spot spots start started stock "
        "store subscription success successful team thank thanks today tomorrow tonight training truly try usd video "
        "visit want wants warehouse web website week weeks welcome winner won young younger"
    ).split()
)

# Verbs that tell a reader what to do, where they begin a sentence or a line.
CALLS: Final = frozenset(
    (
        "act activate add apply ask attend become begin bet book boost bring browse build buy call cancel cash change "
        "chat check choose claim click collect come complete confirm connect contact cut deposit discover dm don't "
        "double download earn email enjoy enrol enroll enter experience explore fill find follow forget get give grab "
        "hire hurry imagine improve increase install invest invite join just kindly learn let lose make meet message "
        "never open order pay pick play please put receive refer register reply request reserve rsvp save say scan "
        "secure see sell send share shop sign spin start stay stop submit subscribe switch take tap tell text trade "
        "transform treat try turn unlock update upgrade use validate verify view visit watch win wipe write"
    ).split()
)

# Words that tell: of others' doings, of the past, of what was found out and of how one thing follows from another.
TELLING: Final = frozenset(
    (
        "abstract according act advises after afternoon agenda although among analysis announced archive argue argued "
        "argues asked association attacker attackers author's authorities authority autumn average because before "
        "between bridge bug bugs build by called came century chapter church classifier clinical cohort command "
        "committee compared complaints config consumer consumers could couldn't council court courts data decade "
        "decades declined default didn't directory disease doctors doesn't dose drug drugs during editor error errors "
        "essay evening evidence fell file files filter filtering filters finding findings fine fined fixed found "
        "fraud fraudsters from function garden government grew had hadn't he her him his historical history hoax "
        "hospital however hypothesis incidence into introduced isn't it's its judge judges law laws lawyer lay "
        "library measured median meeting method methods might minister ministry morning museum novel of parameter "
        "parents parliament participants patients percent phishing placebo poem police published pupils rain reader "
        "regulator regulators release released replied report reported reports research researchers returns risk "
        "river rose ruling run said say says scam scammers scams scene school server she should showed shows since "
        "sold spam spammer spammers spring stood students studies study suggests summer survey symptoms test tests "
        "than the their them then there they though told town trial union until version victims village volunteers "
        "warned warning warnings warns was wasn't weather went were weren't when where whereas whether which while "
        "who whose winter with would wouldn't wrote"
    ).split()
)

# Words with which a title speaks to its reader, or a sender of himself. Titles of reports have hardly any.
PERSONAL: Final = frozenset(
    ("free i i'm i've me my now our us we we'll we're we've you you'll you're you've your yours").split()
)

# Units of deadlines and quick results, and the words for numbers before them.
SPANS: Final = frozenset("second minute minutes hour hours day days week weeks month months seconds".split())
FEW: Final = frozenset("one two three four five six seven eight ten few couple fifteen twenty thirty".split())
