using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>
/// Both ends of an exchange: two nodes compare what they know and each gets what it lacks. A question, an answer, and if they differ a delta and
/// its answer. (Scuttlebutt's reconciliation, with whole records and with a hash in place of the digest as long as both know the same nodes.)
/// </summary>
internal sealed class Reconciler(NodeTable table, OwnNode own, Rumors rumors, PeerBook book, TimeProvider time, Random random)
{
    /// <summary>A record is news, to be pushed on, while its node was heard of within this, in tenths of a second.</summary>
    private const ulong NewsTenths = 50;

    private GossipHeader Header => new(table.Cluster, table.Own.Id);

    public DigestQuestion Ask()
    {
        Roster roster = table.Roster;
        ulong sentMs = (ulong)Math.Clamp(time.GetUtcNow().ToUnixTimeMilliseconds(), 0, (long)GossipLimits.MaxCounter - 1);
        var beats = new ulong[roster.Nodes.Count];
        for (int i = 0; i < beats.Length; i++)
        {
            KnownNode node = roster.Nodes[i];
            // A heartbeat that does not rise here is no news: told on, it could rise once more where an even older one was known.
            beats[i] = node.IsAlive ? Beats.Encode(sentMs, roster.Generations[i], node.Beat) : Beats.NoNews;
        }

        return new DigestQuestion(Header, roster.Hash, table.ContentHash, sentMs, beats);
    }

    public DigestAnswer Answer(DigestQuestion question, TimeSpan now)
    {
        Roster roster = table.Roster;
        if (question.RosterHash != roster.Hash || question.Beats.Length != roster.Nodes.Count)
        {
            return new DigestAnswer(Header, DigestOutcome.Listing, [], [], [], [.. roster.Nodes.Select(node =>
                new Listed(node.Id, node.Generation, node.Version, node.LoadVersion, node.Beat, table.SilenceOf(node, now)))]);
        }

        bool isSame = question.ContentHash == table.ContentHash; // before anything changes below
        var rises = new ulong[roster.Nodes.Count];
        for (int i = 0; i < rises.Length; i++)
        {
            KnownNode node = roster.Nodes[i];
            ulong? theirs = Beats.Decode(question.SentMs, node.Generation, question.Beats[i]);
            if (theirs is { } beat) TakeBeat(node, beat, 0, now);
            if (!node.IsAlive) continue;
            if (theirs is null) rises[i] = Beats.Encode(question.SentMs, node.Generation, node.Beat);
            else if (node.Beat > theirs) rises[i] = node.Beat - theirs.Value;
        }

        if (isSame) return new DigestAnswer(Header, DigestOutcome.Same, rises, [], [], []);
        return new DigestAnswer(Header, DigestOutcome.Versions, rises,
            [.. roster.Nodes.Select(node => node.Version)],
            [.. roster.Nodes.Select(node => node.LoadVersion == 0 ? Beats.NoNews : Beats.Encode(question.SentMs, node.Generation, node.LoadVersion))], []);
    }

    /// <summary>Takes an answer.</summary>
    /// <returns>What is to be sent and asked for now; null if both know the same.</returns>
    public Delta? TakeAnswer(Roster roster, DigestQuestion question, DigestAnswer answer, TimeSpan now)
    {
        List<Want> wants = [];
        List<(KnownNode Node, Parts Parts)> lacking = [];
        if (answer.Outcome == DigestOutcome.Listing)
        {
            Compare(answer.Listing, wants, lacking, now);
        }
        else
        {
            if (answer.Rises.Length != roster.Nodes.Count) return null;
            for (int i = 0; i < answer.Rises.Length; i++)
            {
                if (answer.Rises[i] is 0 or >= GossipLimits.MaxCounter || roster.At(i) is not { } node) continue;
                ulong? told = Beats.Decode(question.SentMs, node.Generation, question.Beats[i]) is { } asked
                    ? asked + answer.Rises[i] : Beats.Decode(question.SentMs, node.Generation, answer.Rises[i]);
                if (told is { } beat) TakeBeat(node, beat, 0, now);
            }

            if (answer.Outcome == DigestOutcome.Versions) Compare(roster, question.SentMs, answer, wants, lacking);
        }

        return wants.Count == 0 && lacking.Count == 0 ? null : Collect(wants, lacking, now);
    }

    /// <summary>Takes records.</summary>
    public void Take(Delta delta, TimeSpan now)
    {
        foreach (RecordEntry entry in delta.Records)
        {
            if (entry.Node == table.Own.Id)
            {
                own.Seen(entry.Generation, entry.Version, entry.Beat, 0);
                continue;
            }

            if (!table.Put(entry, now)) continue;
            if (entry.Silence <= NewsTenths) rumors.Add(entry.Node);
            if (entry.IsForgotten) book.Forget(entry.Node, now);
        }

        foreach (LoadEntry entry in delta.Loads)
        {
            if (entry.Node == table.Own.Id) own.Seen(entry.Generation, 0, 0, entry.Version);
            else table.PutLoad(entry);
        }
    }

    /// <summary>What a delta asks for.</summary>
    public Delta AnswerWants(Delta delta, TimeSpan now)
    {
        List<(KnownNode, Parts)> lacking = [];
        foreach (Want want in delta.Wants)
        {
            if (table.TryGet(want.Node, out KnownNode? node) && node.IsTold) lacking.Add((node, want.Parts));
        }

        return Collect([], lacking, now);
    }

    /// <summary>Records to be pushed without being asked.</summary>
    public Delta Push(IReadOnlyList<KnownNode> nodes, TimeSpan now) =>
        Collect([], [.. nodes.Where(node => node.IsTold).Select(node => (node, Parts.Record))], now);

    private void TakeBeat(KnownNode node, ulong beat, ulong silence, TimeSpan now)
    {
        if (node == table.Own) own.Seen(node.Generation, 0, beat, 0);
        else if (beat < GossipLimits.MaxCounter) table.Rise(node, beat, silence, now);
    }

    private void Compare(Roster roster, ulong sentMs, DigestAnswer answer, List<Want> wants, List<(KnownNode, Parts)> lacking)
    {
        if (answer.Versions.Length != roster.Nodes.Count || answer.LoadVersions.Length != roster.Nodes.Count) return;
        for (int i = 0; i < answer.Versions.Length; i++)
        {
            if (roster.At(i) is { } node) Compare(node, node.Generation, answer.Versions[i], Beats.Decode(sentMs, node.Generation, answer.LoadVersions[i]) ?? 0, wants, lacking);
        }
    }

    private void Compare(IReadOnlyList<Listed> listing, List<Want> wants, List<(KnownNode, Parts)> lacking, TimeSpan now)
    {
        HashSet<NodeId> listed = [];
        foreach (Listed one in listing)
        {
            listed.Add(one.Node);
            if (table.TryGet(one.Node, out KnownNode? node))
            {
                if (node.Generation == one.Generation) TakeBeat(node, one.Beat, one.Silence, now);
                Compare(node, one.Generation, one.Version, one.LoadVersion, wants, lacking);
            }
            else
            {
                wants.Add(new Want(one.Node, Parts.Record | Parts.Load));
            }
        }

        lacking.AddRange(table.Roster.Nodes.Where(node => !listed.Contains(node.Id)).Select(node => (node, Parts.Record | Parts.Load)));
    }

    private void Compare(KnownNode node, ulong generation, ulong version, ulong loadVersion, List<Want> wants, List<(KnownNode, Parts)> lacking)
    {
        if (node == table.Own) own.Seen(generation, version, 0, generation == node.Generation ? loadVersion : 0);
        bool isNewLife = generation != node.Generation;
        (Parts want, Parts lack) = (Parts.None, Parts.None);
        if (node.IsBelow(generation, version)) want = isNewLife ? Parts.Record | Parts.Load : Parts.Record;
        else if (isNewLife || version != node.Version) lack = isNewLife ? Parts.Record | Parts.Load : Parts.Record;
        if (!isNewLife && loadVersion > node.LoadVersion) want |= Parts.Load;
        if (!isNewLife && loadVersion < node.LoadVersion) lack |= Parts.Load;
        if (want != Parts.None && node != table.Own) wants.Add(new Want(node.Id, want));
        if (lack != Parts.None && node.IsTold) lacking.Add((node, lack));
    }

    private Delta Collect(IReadOnlyList<Want> wants, List<(KnownNode Node, Parts Parts)> lacking, TimeSpan now)
    {
        List<RecordEntry> records = [];
        List<LoadEntry> loads = [];
        int bytes = 0;
        // From a random place on, so that what the other end will not take never stands in the way of the rest.
        int start = lacking.Count == 0 ? 0 : random.Next(lacking.Count);
        for (int i = 0; i < lacking.Count && bytes < GossipLimits.MaxFrameBytes; i++)
        {
            (KnownNode node, Parts parts) = lacking[(start + i) % lacking.Count];
            if ((parts & Parts.Record) != 0)
            {
                if (bytes > 0 && bytes + node.Body.Length > GossipLimits.MaxFrameBytes) continue;
                records.Add(new RecordEntry(node.Id, node.Generation, node.Version, node.Beat, table.SilenceOf(node, now), node.Body));
                bytes += RecordBytes + node.Body.Length;
            }

            if ((parts & Parts.Load) != 0 && node.Load is { } load)
            {
                loads.Add(new LoadEntry(node.Id, node.Generation, node.LoadVersion, load));
                bytes += LoadBytes;
            }
        }

        return new Delta(Header, wants, records, loads);
    }

    private const int RecordBytes = 40; // around a record's body, about
    private const int LoadBytes = 50;
}
