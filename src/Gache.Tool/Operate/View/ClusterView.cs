using Gache.Tool.Operate.Api;

namespace Gache.Tool.Operate.View;

/// <summary>The cluster as one node sees it, and what a person means by a name in it.</summary>
/// <param name="Shards">Sorted by first slot.</param>
internal sealed record ClusterView(IReadOnlyList<ShardJson> Shards)
{
    /// <summary>Digits of an id that are shown.</summary>
    public const int ShownDigits = 8;

    private const int IdDigits = 32;

    /// <summary>All members with their shards.</summary>
    public IEnumerable<(ShardJson Shard, MemberJson Member)> Members => Shards.SelectMany(shard => shard.Members.Select(member => (shard, member)));

    /// <summary>The beginning of an id.</summary>
    public static string Short(string id) => id.Length > ShownDigits ? id[..ShownDigits] : id;

    /// <summary>How a member is told: the beginning of its id, and where it is asked.</summary>
    public static string Name(MemberJson member) => $"{Short(member.Id)} ({(string.IsNullOrEmpty(member.Api) ? "no address" : member.Api)})";

    /// <summary>How a shard is told.</summary>
    public static string Name(ShardJson shard) => $"{Short(shard.Shard)} (slots {SlotRanges.Text(SlotsOf(shard), 3)})";

    /// <summary>Its slots, ascending.</summary>
    public static IReadOnlyList<int> SlotsOf(ShardJson shard) => [.. SlotRanges.Slots(shard.Slots).Distinct().Order()];

    /// <summary>The shard that <paramref name="text"/> means: by the beginning of its id, or by the API address of a member.</summary>
    /// <returns>Null if it is one, else why not.</returns>
    public string? Find(string text, out ShardJson shard)
    {
        ShardJson[] found = [.. Shards.Where(candidate => Begins(candidate.Shard, text) || candidate.Members.Any(member => member.Api == text))];
        shard = found.FirstOrDefault()!;
        return found.Length switch
        {
            1 => null,
            0 => $"there is no shard '{text}': say the beginning of its id, or the API address of a member; the cluster has {List(Shards.Select(Name))}",
            _ => $"'{text}' is the beginning of {found.Length} shards: {List(found.Select(Name))}",
        };
    }

    /// <summary>The member that <paramref name="text"/> means: by the beginning of its id, or by its API address.</summary>
    /// <returns>Null if it is one, else why not.</returns>
    public string? Find(string text, out (ShardJson Shard, MemberJson Member) node)
    {
        (ShardJson Shard, MemberJson Member)[] found = [.. Members.Where(candidate => Means(candidate.Member, text))];
        node = found.FirstOrDefault();
        return found.Length switch
        {
            1 => null,
            0 => $"there is no member '{text}': say the beginning of its id, or its API address; the cluster has {List(Members.Select(pair => Name(pair.Member)))}",
            _ => $"'{text}' is the beginning of {found.Length} members: {List(found.Select(pair => Name(pair.Member)))}",
        };
    }

    /// <summary>Whether <paramref name="text"/> may mean a member.</summary>
    public static bool Means(MemberJson member, string text) => Begins(member.Id, text) || member.Api == text;

    /// <summary>Whether <paramref name="text"/> is an id in full, which may be of a node that no shard lists any more.</summary>
    public static bool IsId(string text) => text.Length == IdDigits && text.All(char.IsAsciiHexDigitLower);

    /// <summary>For each slot the shard that serves it, or null.</summary>
    public ShardJson?[] Owners()
    {
        var owners = new ShardJson?[SlotRanges.Count];
        foreach (ShardJson shard in Shards)
            foreach (int slot in SlotRanges.Slots(shard.Slots)) owners[slot] = shard;
        return owners;
    }

    private static bool Begins(string id, string text) => text.Length > 0 && id.StartsWith(text, StringComparison.OrdinalIgnoreCase);

    private static string List(IEnumerable<string> names) => string.Join(", ", names) is { Length: > 0 } list ? list : "none";
}
