import time as tm, os, pickle
from datetime import UTC, date, datetime
from world import *
from dagster_mlb.strategies.leakage import *
from dagster_mlb.strategies.backtest import run_strategies
from dagster_mlb.warehouse.frames import read_frame
from contextlib import ExitStack
import polars as pl
PLANS=(SeasonPlan(2024,date(2024,9,20),date(2024,9,25)),SeasonPlan(2025,date(2025,4,7),date(2025,4,20)))
T=datetime.fromisoformat(os.environ.get('CUT','2025-04-14T16:00:00+00:00'))
SEED=int(os.environ.get('SEED','72'))
W=World(SEED,PLANS,datetime(2025,4,18,16,tzinfo=UTC))
C=World(SEED,PLANS,W.now,redrawn_after=T,later_seed=5)
def test_x(server_url, postgres_server, tmp_path):
    s=Server(server_url,postgres_server)
    pl.Config.set_tbl_cols(40); pl.Config.set_tbl_width_chars(250); pl.Config.set_tbl_rows(60); pl.Config.set_fmt_str_lengths(60)
    k={}
    with ExitStack() as st:
        for n,w in (('A',W),('B',W.at(T)),('C',C)):
            d=st.enter_context(league_database(s,tmp_path,w))
            run_strategies(d,run_id='x')
            k[n]=rows_known_by(d,T)
            print(n,{a:b.height for a,b in k[n].items()})
            print(read_frame(d,"select decision,count(*) n,count(market_logit) m from curated.feature_vectors group by 1"))
            print(read_frame(d,"select source,rung,count(*) from staging.game_crosswalk group by 1,2"))
            print(read_frame(d,"select * from staging.unmatched_events"))
        for a,b in ('AB','AC'):
            print('=====',a,b)
            for x in warehouse_differences(k[a],k[b]): print(x)
            fa,fb=k[a]['curated.feature_vectors'],k[b]['curated.feature_vectors']
        pickle.dump(k,open('/tmp/K/k.pkl','wb'))
        t=T.timestamp()
        for w in (W,C):
            sn=w.league.season(2025)
            for x in sn.listings:
                if x.postponed_at<1e18: 
                    m=sn.listings[x.made_up_as]; print(x.game_pk,x.date,utc(x.postponed_at),m.date,m.double_header,m.game_number, utc(m.start), x.postponed_at<=t)
            print()
