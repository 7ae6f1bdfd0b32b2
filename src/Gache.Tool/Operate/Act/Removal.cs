using Gache.Tool.Operate.Api;
using Gache.Tool.Operate.View;

namespace Gache.Tool.Operate.Act;

/// <summary>A member that goes.</summary>
/// <param name="Shard">Its shard's id.</param>
/// <param name="Member">The member, as it was seen.</param>
/// <param name="Request">What removes it; may be sent again.</param>
/// <param name="Staying">API addresses of the members that stay.</param>
internal sealed record Removal(string Shard, MemberJson Member, Request Request, IReadOnlyList<string> Staying)
{
    /// <summary>The removal of <paramref name="member"/>. It names the shard: a node of another one may have forgotten who was in it.</summary>
    public static Removal Of(ShardJson shard, MemberJson member) => new(
        shard.Shard,
        member,
        Request.Post(Words.MemberWords.Path, new MembersRequest(Remove: member.Id, Shard: shard.Shard), Wire.Default.MembersRequest),
        [.. shard.Members.Where(other => other.Id != member.Id && other.Api is { Length: > 0 }).Select(other => other.Api!)]);

    /// <summary>The member, for a person.</summary>
    public string Name => ClusterView.Name(Member);
}
